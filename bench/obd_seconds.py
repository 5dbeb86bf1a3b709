"""Ten million seconds of heavy trucks: payload, door, landing, trips; the trips beside pandas on the same landing.

Trips of both are compared one by one, counts and figures, before any time counts.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import zstandard

from bench._pandas_aqi import landing_files
from bench.run import Context, Result
from district.networks.mobile_obd import HEADERS
from extract.home import REPO, Home

SOURCE = "obd_second"
KEY = "bench"
VEHICLES, SECONDS_A_DAY, DAYS = 100, 10_000, 10
_TRIP, _PAUSE = 2_500, 3_600


def _day(rng: np.random.Generator, day: int, vehicles: int) -> bytes:
    """One packed file: every vehicle drives four trips; every tenth has its dosing switched off."""
    n = vehicles * SECONDS_A_DAY
    second = np.tile(np.arange(SECONDS_A_DAY), vehicles)
    vehicle = np.repeat(np.arange(vehicles), SECONDS_A_DAY)
    start = np.datetime64("2026-02-01T06:00:00") + np.timedelta64(day, "D")
    at = start + (second + second // _TRIP * _PAUSE + vehicle).astype("timedelta64[s]")

    def figures(mean: float, spread: float) -> np.ndarray:
        return np.round(rng.normal(mean, spread, n), 2).clip(0)

    off = vehicle % 10 == 0
    speed = figures(45, 8)
    columns: list[object] = [
        np.char.add("XNHC", np.char.zfill((vehicle + 700_000).astype(str), 13)),
        np.char.replace(at.astype("datetime64[s]").astype(str), "T", " "),
        speed, figures(101, 0.2), figures(35, 15).round(), figures(9, 1).round(), figures(1400, 90), figures(19, 3), figures(640, 60),
        np.where(off, figures(610, 50), figures(40, 9)), figures(70, 0.1), figures(560, 40), figures(270, 45), figures(255, 40),
        figures(2, 0.3), figures(86, 2).round(), figures(55, 1), np.full(n, "有效"), np.round(120.4 + 1e-5 * second, 6),
        np.round(30.05 + 6e-6 * second, 6), np.round(120_000 + 0.0125 * second, 1), np.where(off, 0.0, figures(620, 60)),
    ]  # fmt: skip
    table = pa.table([pa.array(c) for c in columns], names=[f"c{k}" for k in range(len(HEADERS))])
    out = io.BytesIO()
    out.write((",".join(HEADERS) + "\n").encode())
    pacsv.write_csv(table, out, pacsv.WriteOptions(include_header=False, quoting_style="none"))
    return zstandard.ZstdCompressor(level=3).compress(out.getvalue())


def _call(args: list[str], home: Path) -> tuple[float, float]:
    """Run a command in the home; (seconds, peak MB of it and its children). RuntimeError with its last lines."""
    env = {**os.environ, "JIANHU_HOME": str(home), "JIANHU_HASH_KEY": KEY}
    watch = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[2:]).returncode\n"
        "open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n"
        "sys.exit(code)\n"
    )
    note = home / "peak.txt"
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", watch, str(note), *args], env=env, cwd=REPO, capture_output=True, text=True
    )
    seconds = time.perf_counter() - begun
    if done.returncode not in (0, 4):
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise RuntimeError(f"{' '.join(args[:4])} ended with {done.returncode}: {said}")
    return seconds, int(note.read_text()) / 1024


def _differences(home: Home) -> tuple[int, int, str]:
    """(trips compared, trips that differ, the first of them) between fct_obd_trip and the rival's."""
    with duckdb.connect(str(home.work / "build.duckdb"), read_only=True) as con:
        rows = con.execute(
            f"""
            with ours as (
                select vehicle_id, started_at, second_count, hot_second_count, dosing_told_count, dosing_zero_count, hot_nox_count,
                       cast(downstream_mean_ppm * 1000000 as hugeint) as mean_um, cast(nox_g * 1000000 as hugeint) as nox_ug,
                       cast(distance_km * 1000000 as hugeint) as distance_um
                from fct_obd_trip
            ), theirs as (select * from '{home.root / "rival.parquet"}'),
            both_sides as (
                select ours.vehicle_id is not null and theirs.vehicle_id is not null
                       and (ours.second_count, ours.hot_second_count, ours.dosing_told_count, ours.dosing_zero_count, ours.hot_nox_count)
                           = (theirs.second_count, theirs.hot_second_count, theirs.dosing_told_count, theirs.dosing_zero_count,
                              theirs.hot_nox_count)
                       and ours.mean_um is not distinct from theirs.mean_um and ours.nox_ug = theirs.nox_ug
                       and ours.distance_um = theirs.distance_um as is_equal,
                       concat(ours, ' beside ', theirs) as told
                from ours full join theirs on ours.vehicle_id = theirs.vehicle_id and ours.started_at = theirs.started_at)
            select count(*), count(*) filter (where not is_equal), min(told) filter (where not is_equal) from both_sides
            """
        ).fetchone()
    assert rows is not None
    return int(rows[0]), int(rows[1]), str(rows[2] or "")


def _mb(folder: Path) -> float:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6


def run(context: Context) -> list[Result]:
    """Make the files, load them, cut the trips; then pandas from the same landing."""
    home = Home(context.work / "home").ensure()
    made = context.work / "payloads"
    made.mkdir(parents=True)
    rng = np.random.default_rng(7)
    vehicles = max(2, round(VEHICLES * context.scale))
    for day in range(DAYS):
        (made / f"obd_2026-02-{day + 1:02d}.csv.zst").write_bytes(_day(rng, day, vehicles))
    rows = DAYS * vehicles * SECONDS_A_DAY
    jianhu = [sys.executable, "-m", "warehouse.cli"]
    loaded, load_peak = _call(
        [*jianhu, "extract", SOURCE, "--files", str(made / "obd_*.csv.zst"), "--json"], home.root
    )
    trips, trip_peak = _call(
        [sys.executable, "-m", "warehouse.devbuild", "--home", str(home.root), "--as-of", "2026-02-12 00:00:00",
         "--args", "build --exclude-resource-type test --exclude-resource-type unit_test", "--select", "+fct_obd_trip"],
        home.root,
    )  # fmt: skip
    code = (
        "from pathlib import Path; from bench import _pandas_obd as r; from bench._pandas_aqi import landing_files as f; "
        f"h = Path({str(home.root)!r}); r.trips(f(h, {SOURCE!r}), {KEY!r}).to_parquet(h / 'rival.parquet')"
    )
    rival, rival_peak = _call([sys.executable, "-c", code], home.root)
    assert len(landing_files(home.root, SOURCE)) == DAYS
    compared, different, first = _differences(home)
    database = (home.work / "build.duckdb").stat().st_size / 1e6
    return [
        Result(
            name="obd_seconds_load", rows=rows, seconds=round(loaded, 1), rows_per_s=round(rows / loaded), peak_mb=round(load_peak),
            note=f"payload, door, landing; payloads {_mb(made):.0f} MB, landing {_mb(home.landing):.0f} MB",
        ),
        Result(
            name="obd_seconds_trips", rows=rows, seconds=round(trips, 1), rows_per_s=round(rows / trips), peak_mb=round(trip_peak),
            rival="pandas on the same rows.parquet, exact integers (bench/_pandas_obd.py)", ratio=round(rival / trips, 2),
            equal=different == 0 and compared > 0,
            note=f"raw table, seeds and models with the start of dbt; {compared} trips compared, {different} differ {first[:300]}; "
            f"build database {database:.0f} MB; rival {rival:.1f} s, {rival_peak:.0f} MB",
        ),
    ]  # fmt: skip
