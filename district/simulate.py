"""Write a whole synthetic district under `<home>/synthetic`: payloads, drop folder, database tables, truth.

Invariant: the files are a pure function of (seed, first day, last day, scale); nothing reads a clock.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from district import air, export_books, frames, networks, office, plan, registers, serve, stack, water
from district.names import TOWNS
from district.pages import DayPages
from district.plan import District, Row
from extract.errors import UsageError
from extract.home import home as find_home

Progress = Callable[[str], None]


def write_rows(path: Path, rows: list[Row]) -> None:
    """Plain records as Parquet; the schema follows the values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(k for r in rows for k in r))
    columns = {n: _array([r.get(n) for r in rows]) for n in names}
    pq.write_table(pa.table(columns), path, compression="zstd")


def _array(values: list[Any]) -> pa.Array:
    some = next((v for v in values if v is not None), None)
    if isinstance(some, datetime):
        return pa.array(values, pa.timestamp("us"))
    if isinstance(some, date):
        return pa.array(values, pa.date32())
    if isinstance(some, float) or any(isinstance(v, float) for v in values):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array(values, pa.string() if some is None else None)


def _air(d: District, folder: Path) -> air.AirSeries:
    series = air.make_air(d)
    pages = DayPages([p.code for p in d.air])
    for kind, values, days in (
        ("air", series.values, range(d.days)),
        ("phase1/air", series.first_values, sorted(series.late_days)),
        ("phase2/air", series.first_values, sorted(series.resent_days)),
    ):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for day in days:
            rows = slice(day * 24, day * 24 + 24)
            at = d.begin + timedelta(days=day)
            body = pages.render(at, {f: v[rows] for f, v in values.items()},
                                {f: v[rows] for f, v in series.flags.items()}, "reviewed")  # fmt: skip
            (folder / kind / f"{at:%Y-%m-%d}.json").write_bytes(body)
    return series


def _exports_below(d: District, all_series: list[stack.OutletSeries]) -> list[Row]:
    """Below-detection cells of the platform's workbooks (a converted figure under 1 mg/m³ is printed `<1.0`)."""
    rows: list[Row] = []
    for s in all_series:
        if s.outlet.channel != "export":
            continue
        for f, zs in s.zs.items():
            for h in ((zs < 1.0) & (s.flags == "N") & s.present).nonzero()[0].tolist():
                rows += [
                    {"source": "cems_platform_export", "point_id": f"outlet:{s.outlet.outlet_id}", "factor_code": f,
                     "statistic": statistic, "observed_at": d.begin + timedelta(hours=h + 1), "sent": "<1.0",
                     "detection_limit": 1.0}
                    for statistic in ("mean", "mean_converted")
                ]  # fmt: skip
    return rows


def _frame_truth(d: District, all_series: list[stack.OutletSeries], truth: dict[str, list[Row]]) -> None:
    for s in all_series:
        if s.outlet.channel != "hj212":
            continue
        factor = next(iter(s.avg))
        statistic = "mean_converted" if factor in s.zs else "mean"
        for kind, hours in (
            ("late_data", list(s.corrected)), ("resent_old_payload", list(s.resent)), ("duplicate_data", s.duplicated),
        ):  # fmt: skip
            truth.setdefault(kind, []).extend(
                {"source": "cems_hj212", "point_id": f"outlet:{s.outlet.outlet_id}", "factor_code": factor,
                 "statistic": statistic, "observed_at": d.begin + timedelta(hours=h + 1),
                 "value": float(s.judged(factor)[h])} for h in hours
            )  # fmt: skip


def _write_feed(feed: networks.Feed, platform: Path, drop: Path, orders: dict[str, str]) -> None:
    """The files of one network; `case_ref` of its truth and database rows becomes the number of the planted order."""
    for rows in [*feed.truth.values(), *feed.database.values()]:
        for row in rows:
            if (ref := row.pop("case_ref", None)) is not None:
                row["case_id"] = f"complaint:{orders[ref]}"
    for name, days in feed.platform.items():
        (platform / name).mkdir(parents=True, exist_ok=True)
        for day, records in days:
            body = {"code": 0, "message": "ok", "data": {"total": len(records), "list": records}}
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            (platform / name / f"{day}.json").write_text(text, "utf-8")
    for path, data in feed.files.items():
        target = drop / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def simulate(
    seed: int, first: date, last: date, scale: float = 1.0, home: str | os.PathLike[str] | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Make the district and return its summary (also in district.json). Raises UsageError for an impossible span."""
    if last < first:
        raise UsageError("the last day is before the first", where=f"{first} .. {last}")
    if (last - first).days < 3:
        raise UsageError("a synthetic district needs at least four days", where=f"{first} .. {last}")
    if not 0 < scale <= 100:
        raise UsageError("the scale must lie above 0 and not above 100", where=f"scale {scale}")
    folder = find_home(home).root / "synthetic"
    building = folder.with_name(".synthetic.part")
    shutil.rmtree(building, ignore_errors=True)
    drop, platform = building / "drop", building / "platform"
    drop.mkdir(parents=True)
    d = plan.make_district(seed, first, last, scale)
    truth: dict[str, list[Row]] = {}

    def gather(more: dict[str, list[Row]]) -> None:
        for kind, rows in more.items():
            truth.setdefault(kind, []).extend(rows)

    progress("air")
    series = _air(d, platform)
    gather(series.truth)
    progress("water")
    w = water.make_water(d)
    water.write_bulletins(d, w, platform / "water")
    gather(w.truth)
    progress("stacks and outlets")
    outlets = stack.make_outlets(d)
    gather(stack.judge(d, outlets))
    _frame_truth(d, outlets, truth)
    gather({"below_detection": _exports_below(d, outlets)})
    gather({"damaged_frame": frames.write_frames(d, outlets, drop / "hj212")})
    export_books.write_exports(d, outlets, drop / "cems_export")
    progress("networks")
    base = networks.Base(d, series, w, outlets)
    feeds = {m.__name__.rpartition(".")[2]: m.make(base) for m in networks.networks()}
    progress("offices")
    complaints = office.make_complaints(d, [o for f in feeds.values() for o in f.orders])
    office.write_complaints(d, complaints, drop / "complaint_12345")
    gather(complaints.truth)
    people = office.write_messages(d, drop / "messages")
    gather({"permit_report_late": office.write_permit_reports(d, drop / "permit_report")})
    samples, below = water.manual_samples(d)
    gather({"below_detection": below})
    books = {**registers.register_rows(d), "water_section_manual": samples}
    tables = {"point_register": plan.point_rows(d), "point_link": plan.link_rows(d),
              "enterprise_register": d.enterprises, "permit_register": plan.permit_rows(d)}  # fmt: skip
    for feed in feeds.values():
        _write_feed(feed, platform, drop, complaints.planted)
        gather(feed.truth)
        tables["point_register"] += feed.points
        tables["point_link"] += feed.links
        for table, rows in feed.database.items():
            tables.setdefault(table, []).extend(rows)
        for source, rows in feed.registers.items():
            books.setdefault(source, []).extend(rows)
    twice = Counter((r["point_code"], r["valid_from"]) for r in tables["point_register"])
    if shared := sorted(code for (code, _), n in twice.items() if n > 1):
        raise ValueError(f"two parts of the district name the same point: {', '.join(shared)}")
    registers.write_registers(d, books, drop / "register")
    for name in ("cnemc", "water"):
        (drop / name).mkdir(exist_ok=True)
    progress("database and truth")
    for name, rows in tables.items():
        write_rows(building / "database" / f"{name}.parquet", rows)
    firms = [
        {"kind": k, "identifier": str(e[c])}
        for e in d.enterprises
        for k, c in (("name", "legal_person"), ("phone", "phone"))
    ]
    planted = complaints.identifiers + people + firms + [i for f in feeds.values() for i in f.identifiers]
    write_rows(building / "truth" / "planted_identifiers.parquet", planted)
    from district.truth import KINDS

    for kind in KINDS:
        write_rows(building / "truth" / f"{kind}.parquet", truth.get(kind, []))
    summary = {
        "synthetic": True, "label": "合成数据，非真实监测", "seed": seed, "from": str(first), "to": str(last), "scale": scale,
        "towns": [asdict(t)["name"] for t in TOWNS], "air_points": len(d.air), "sections": len(d.sections),
        "enterprises": len({e["uscc"] for e in d.enterprises}), "sites": len(d.enterprises),
        "outlets": len(d.outlets), "monitored_outlets": len(outlets), "orders": len(complaints.versions),
        "truth": {k: len(truth.get(k, [])) for k in KINDS},
    }  # fmt: skip
    (building / "district.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    serve.write_env(folder, serve.settings(folder))
    return summary
