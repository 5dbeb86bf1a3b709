"""A synthetic district-year at the 5-minute tier (270 million readings): from payload files to a published release.

Each step is an entry of its own. The hours of the first and the last day are held against means worked out from the payload files
with whole numbers and nothing of the warehouse. What is made is removed at the end; a disk that is too small is told at once.
"""

from __future__ import annotations

import calendar
import csv
import io
import json
import sys
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench._steps import Step, call, need_disk, say, size_gb
from bench.run import Context, Result
from extract.home import Home

YEAR = 2025
SOURCE = "air_station_5min"
DISK_GB = (
    15.0  # at scale 1: landing 1.4, build 4.0, release 1.2 GB were seen; the rest is room for spilled sorts
)
_VOID = {"B", "C", "D", "F", "M", "S"}


def _days(scale: float) -> int:
    return max(2, round(365 * min(1.0, scale)))


def _means(payload: Path) -> dict[tuple[str, str, datetime], Decimal | None]:
    """Hour means of one day's file, by (station, item, end of the hour)."""
    text = pa.input_stream(str(payload), compression="zstd").read().decode()
    kept: dict[tuple[str, str, datetime], list[Decimal]] = {}
    rows = csv.reader(io.StringIO(text))
    header = next(rows)
    items = [i for i in range(3, len(header)) if not header[i].endswith("标识")]
    for r in rows:
        at = datetime.strptime(r[1], "%Y-%m-%d %H:%M:%S") - timedelta(minutes=1)
        end = at.replace(minute=0) + timedelta(hours=1)
        for i in items:
            values = kept.setdefault((r[0], header[i].replace("2.5", "2_5"), end), [])
            if r[i] and r[i + 1] not in _VOID:
                values.append(Decimal(r[i]))
    return {
        k: (sum(v, Decimal(0)) / len(v)).quantize(Decimal("0.000001"), ROUND_HALF_UP) if len(v) >= 9 else None
        for k, v in kept.items()
    }


def _differing(release: Path, payloads: list[Path]) -> tuple[int, int]:
    """(hours compared, hours that differ) between the release and the payload files."""
    con = duckdb.connect(str(release), read_only=True)
    compared = differing = 0
    try:
        for payload in payloads:
            told = _means(payload)
            day = min(k[2] for k in told)
            held = con.execute(
                "select replace(point_id, 'air:', ''), factor_code, observed_at, value from int_reading_hour "
                "where observed_at between ? and ?", [day, day + timedelta(hours=23)],
            ).fetchall()  # fmt: skip
            ours = {(p, f, t): v for p, f, t, v in held}
            compared += len(told)
            differing += sum(k not in ours or ours[k] != v for k, v in told.items()) + len(
                set(ours) - set(told)
            )
    finally:
        con.close()
    return compared, differing


def _extract(jianhu: list[str], home: Home, made: Path) -> Step:
    """Month by month, so that one can see it move; what a killed run has landed stands."""
    whole = Step(0.0, 0.0, 0.0, "")
    loaded = 0
    for month in sorted({p.name[9:15] for p in made.glob("*.csv.zst")}):
        step = call(
            [*jianhu, "extract", SOURCE, "--files", str(made / f"air_5min_{month}*.csv.zst"), "--json"],
            home.root,
        )
        told = json.loads(step.stdout)["sources"][SOURCE]
        if told["rows_in"] != told["rows_loaded"] + told["rows_rejected"] or told["state"] != "done":
            raise RuntimeError(f"{month}: {told['state']} {told['error']} rows_in {told['rows_in']}")
        loaded += told["rows_loaded"]
        whole.seconds += step.seconds
        whole.peak_mb = max(whole.peak_mb, step.peak_mb)
        say(
            f"extract {month}: {loaded:,} rows landed, {loaded / whole.seconds:,.0f} rows/s, peak {step.peak_mb:.0f} MB"
        )
    whole.disk_gb = size_gb(home.landing)
    whole.stdout = str(loaded)
    return whole


def _slowest(home: Home, count: int = 6) -> str:
    """The nodes that took longest. RuntimeError when the hours were not built: a failed test before them, which is named."""
    path = home.work / "dbt" / "target" / "run_results.json"
    results: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["results"]
    state = {r["unique_id"].split(".")[2]: r["status"] for r in results}
    if state.get("int_reading_hour") != "success" or state.get("fct_air_day") != "success":
        failed = [name for name, s in state.items() if s in ("fail", "error")]
        raise RuntimeError(f"the hours were not built, for these tests failed: {', '.join(failed[:5])}")
    results.sort(key=lambda r: -float(r["execution_time"]))
    return ", ".join(f"{r['unique_id'].split('.')[2]} {r['execution_time']:.0f} s" for r in results[:count])


def run(context: Context) -> list[Result]:
    """Simulate, load, build, audit, publish; scale shortens the year."""
    need_disk(context.work, 3 + DISK_GB * min(1.0, context.scale))
    home = Home(context.work / "home").ensure()
    made = context.work / "payloads"
    days = _days(context.scale)
    jianhu = [sys.executable, "-m", "warehouse.cli"]
    as_of = f"{date(YEAR, 1, 1) + timedelta(days=days + 1)} 00:00:00"
    results: list[Result] = []

    def told(name: str, rows: int, step: Step, note: str = "", equal: bool | None = None) -> None:
        disk = f"disk {step.disk_gb:.1f} GB"
        results.append(
            Result(
                f"fine_tier_{name}", rows, round(step.seconds, 1), round(rows / step.seconds, 1), round(step.peak_mb, 1), equal=equal,
                note=f"{disk}; {note}" if note else disk,
            )
        )  # fmt: skip
        say(f"{name}: {rows:,} rows in {step.seconds:.0f} s, peak {step.peak_mb:.0f} MB, {results[-1].note}")

    step = call(
        [
            *jianhu,
            "simulate",
            "--tier",
            "5min",
            "--year",
            str(YEAR),
            "--days",
            str(days),
            "--out",
            str(made),
            "--json",
        ],
        home.root,
    )
    values = int(json.loads(step.stdout)["values"])
    step.disk_gb = size_gb(made)
    told("simulate", values, step)
    step = _extract(jianhu, home, made)
    rows = int(step.stdout)
    told("extract", rows, step)
    files = sorted(made.glob("*.csv.zst"))
    for payload in files[1:-1]:
        payload.unlink()
    step = call([*jianhu, "build", "--as-of", as_of, "--json"], home.root, watched=context.work)
    told("build", rows, step, f"the slowest: {_slowest(home)}")
    step = call([*jianhu, "audit", "--json"], home.root, watched=context.work)
    told("audit", rows, step)
    step = call([*jianhu, "publish", "--json"], home.root, watched=context.work)
    compared, differing = _differing(home.current.resolve() / "warehouse.duckdb", [files[0], files[-1]])
    told(
        "publish",
        rows,
        step,
        f"release {size_gb(home.current.resolve()):.1f} GB",
        equal=differing == 0 and compared > 0,
    )
    whole = Step(sum(r.seconds for r in results), max(r.peak_mb for r in results), step.disk_gb, "")
    say(f"{compared} hours compared with the payload files, {differing} differ")
    told(
        "whole", rows, whole, f"{days} days of {calendar.isleap(YEAR) + 365}; {compared} hours compared with the payload files, {differing} differ",
        equal=differing == 0 and compared > 0,
    )  # fmt: skip
    return results
