"""Health of the networks: fixed emergency points whose devices fall silent, freeze, leave their range and lose their
clock; satellite products per town; the register of values that a reviewer took out of official statistics.

Invariant: outside what is planted no device fails, so that every state told of these points is planted. Each planted fault
has a day of its own, and no day of another fault stands beside it.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from district.names import TOWNS, stream
from district.networks import Base, Feed, point
from district.networks._emergency_points import emergency_points
from district.plan import District, Row
from district.truth_kind import Kind

ITEMS = (("总挥发性有机物", "EMG_TVOC", 0.35), ("氨", "EMG_NH3", 0.12))
FAULTS = ("silent", "stuck", "out_of_range", "off_grid", "wrong_day")
STUCK_HOURS = 12  # longer than any run that the rules call stuck
REVIEWERS = ("演示审核员甲", "演示审核员乙")


def fault_days(d: District) -> dict[int, str]:
    """Day → fault, over and over with two sound days between; none in a span of a few days."""
    if d.days < 20:
        return {}
    return {day: FAULTS[k % len(FAULTS)] for k, day in enumerate(range(3, d.days - 3, 4))}


def _hours(d: District) -> tuple[list[Row], dict[str, np.ndarray]]:
    points = emergency_points(d)
    rng = stream(d.seed, "health emergency hours")
    series = {}
    for name, _, level in ITEMS:
        noise = rng.normal(0, 0.12, (d.days * 24, len(points)))
        # the last digit alternates with the hour, so that two hours in a row never tell one value
        series[name] = np.round(level * np.exp(noise), 3) + (np.arange(d.days * 24)[:, None] % 2) * 0.0005
    return points, series


def _files(
    d: District, truth: dict[str, list[Row]]
) -> tuple[dict[str, bytes], dict[tuple[str, str, datetime], float]]:
    """CSV of each day, and every value sent under its (point id, factor, time)."""
    points, series = _hours(d)
    faults = fault_days(d)
    files: dict[str, bytes] = {}
    sent: dict[tuple[str, str, datetime], float] = {}
    for day in range(d.days):
        at = d.begin + timedelta(days=day)
        fault, tomorrow = faults.get(day), faults.get(day + 1)
        bad = (day // 4) % len(points)
        worse = ((day + 1) // 4) % len(points)
        rows: list[list[Any]] = []
        for j, p in enumerate(points):
            told = f"emergency:{p['point_code']}"
            for name, factor, _ in ITEMS:
                where = {"point_id": told, "factor_code": factor, "date_day": at.date()}
                if tomorrow == "wrong_day" and j == worse:
                    continue  # the device is being reset; tomorrow it sends with a clock of today
                if fault and j == bad:
                    _plant(truth, fault, where, at)
                for h in range(24):
                    time = at + timedelta(hours=h + 1)
                    value = float(series[name][day * 24 + h, j])
                    if fault and j == bad:
                        if fault == "silent":
                            continue
                        if fault == "stuck" and h < STUCK_HOURS:
                            value = float(series[name][day * 24, j])
                        if fault == "out_of_range" and h == 9:
                            value = -9.5
                        if fault == "off_grid":
                            time += timedelta(minutes=20) if h < 23 else timedelta(0)
                        if fault == "wrong_day":
                            time -= timedelta(days=1)
                    sent[told, factor, time] = value
                    rows.append(
                        [p["point_code"], f"{time:%Y-%m-%d %H:%M}", name, "mg/m³", f"{value:.4f}", "N"]
                    )
        files[f"emergency_auto/emergency_auto_{at:%Y%m%d}.csv"] = _csv(
            ["点位编码", "时间", "项目", "单位", "数值", "标记"], rows
        )
    return files, sent


def _plant(truth: dict[str, list[Row]], fault: str, where: Row, at: datetime) -> None:
    if fault == "wrong_day":
        # the times of the day before, in the file of this one: this day has nothing, the day before a wrong clock
        truth.setdefault("network_silent_day", []).append(where)
        truth.setdefault("network_clock_day", []).append(
            {**where, "date_day": (at - timedelta(days=1)).date()}
        )
        return
    kind = {"silent": "network_silent_day", "stuck": "network_stuck_day", "out_of_range": "network_range_day",
            "off_grid": "network_clock_day"}[fault]  # fmt: skip
    truth.setdefault(kind, []).append(where)


def _csv(head: list[str], rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _satellite(d: District) -> tuple[list[Row], dict[str, bytes]]:
    rng = stream(d.seed, "health satellite")
    points = [
        point(d, f"SYNRS{k + 1:02d}", f"合成遥感网格（{t.name}）", "satellite", k, "grid")
        for k, t in enumerate(TOWNS)
    ]
    months: dict[str, list[list[Any]]] = {}
    for day in range(d.days):
        when = d.first + timedelta(days=day)
        cloud = float(np.clip(rng.beta(0.8, 0.7) * 100, 0, 100))
        for k, p in enumerate(points):
            aod = 0.45 * TOWNS[k].dirt * float(np.exp(rng.normal(0, 0.25)))
            ndvi = (0.62 if TOWNS[k].is_hilly else 0.38) + float(rng.normal(0, 0.02))
            rows = months.setdefault(f"{when:%Y%m}", [])
            for product, value, digits in (("气溶胶光学厚度", aod, 3), ("植被指数", ndvi, 3)):
                shown = "" if cloud > 70 else f"{value:.{digits}f}"
                rows.append([p["point_code"], f"{when:%Y-%m-%d}", product, shown, f"{cloud:.1f}"])
    head = ["网格编码", "日期", "产品", "格内均值", "云量（%）"]
    return points, {f"satellite/satellite_{m}.csv": _csv(head, rows) for m, rows in months.items()}


def _removals(
    d: District, sent: dict[tuple[str, str, datetime], float], truth: dict[str, list[Row]]
) -> list[Row]:
    """Removals of two hours each on sound days; one of them restored; one without evidence, which the door must refuse."""
    rows: list[Row] = []
    points = emergency_points(d)
    faults = fault_days(d)
    sound = [x for x in range(1, d.days - 3) if not {x - 1, x, x + 1} & set(faults)] if faults else []
    for n, day in enumerate(sound[:: max(1, len(sound) // 6)]):
        p = points[n % len(points)]
        told = f"emergency:{p['point_code']}"
        factor = ITEMS[n % len(ITEMS)][1]
        start = d.begin + timedelta(days=day, hours=8)
        at = start + timedelta(days=1, hours=2)
        row: Row = {
            "removal_no": f"SYNRM{n + 1:04d}", "action": "剔除", "point_id": told, "factor_code": factor, "observed_from": start,
            "observed_to": start + timedelta(hours=2), "post_zh": "合成数据审核岗", "person": REVIEWERS[n % len(REVIEWERS)],
            "flagged_at": at, "removal_reason": "（合成）采样管脱落", "evidence": f"合成运维记录{n + 1:04d}", "register_year": start.year,
        }  # fmt: skip
        if n % 5 == 1:
            # nothing was written as evidence: the row comes back to its sender and removes nothing
            rows.append({**row, "evidence": None if n % 2 else "无"})
            truth.setdefault("removal_without_evidence", []).append({"removal_no": row["removal_no"]})
            continue
        rows.append(row)
        kept = 0
        if n % 5 == 2:
            # the first hour was restored a day later
            rows.append({**row, "removal_no": f"SYNRM{n + 1:04d}R", "action": "恢复", "observed_to": start + timedelta(hours=1),
                         "flagged_at": at + timedelta(days=1), "removal_reason": "（合成）复核后恢复"})  # fmt: skip
            kept = 1
        for h in range(kept + 1, 3):
            time = start + timedelta(hours=h)
            truth.setdefault("reading_removed", []).append(
                {"point_id": told, "factor_code": factor, "observed_at": time, "value": round(sent[told, factor, time], 4),
                 "removal_no": row["removal_no"]}
            )  # fmt: skip
    return rows


def make(base: Base) -> Feed:
    """The feed of the fixed emergency points, the satellite products and the register of removals."""
    d = base.d
    truth: dict[str, list[Row]] = {}
    files, sent = _files(d, truth)
    grids, products = _satellite(d)
    removals = _removals(d, sent, truth)
    feed = Feed(points=[*emergency_points(d), *grids], files={**files, **products}, truth=truth)
    if removals:
        feed.registers["reading_removal"] = removals
        feed.identifiers = [{"kind": "name", "identifier": x} for x in REVIEWERS]
    return feed


def _state(column: str, says: str) -> Kind:
    return Kind(
        ("fct_network_day", "int_network_day"),
        f"""
        with span as (
            select cast(max(last_observed_at) - interval '1' minute as date) as last_day
            from int_network_day where substr(point_id, 1, 10) = 'emergency:'),
        told as (
            select point_id, factor_code, period_start_date as date_day from fct_network_day, span
            where medium = 'emergency' and {column} and period_start_date <= span.last_day)
        select (select count(*) from planted p inner join told t using (point_id, factor_code, date_day)) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                    and p.factor_code = t.factor_code and p.date_day = t.date_day)) as falsely_found""",
        says,
    )


KINDS: dict[str, Kind] = {
    "network_silent_day": _state("is_silent", "fct_network_day.is_silent on point, factor, day"),
    "network_stuck_day": _state("is_stuck", "fct_network_day.is_stuck on point, factor, day"),
    "network_range_day": _state("is_out_of_range", "fct_network_day.is_out_of_range on point, factor, day"),
    "network_clock_day": _state("is_clock_shifted", "fct_network_day.is_clock_shifted on point, factor, day"),
    "reading_removed": Kind(
        ("fct_reading", "rpt_reading_removal"),
        """
        with told as (
            select r.point_id, r.factor_code, r.observed_at, m.removal_no
            from fct_reading r inner join rpt_reading_removal m
                on r.point_id = m.point_id and r.factor_code = m.factor_code and r.observed_at = m.observed_at
                and r.flag_human = '人工剔除 ' || m.removal_no and r.value = m.value
            where m.is_applied and m.reason_zh is not null and m.evidence is not null)
        select (select count(*) from planted p inner join told t using (point_id, factor_code, observed_at, removal_no)) as found,
               (select count(*) from fct_reading r where r.flag_human is not null and not exists (select 1 from planted p
                    where p.point_id = r.point_id and p.factor_code = r.factor_code and p.observed_at = r.observed_at))
               as falsely_found""",
        "marked in fct_reading, and told with value, post, reason and evidence in rpt_reading_removal",
        (("removal_no", "varchar"),),
    ),
    "removal_without_evidence": Kind(
        ("rpt_reading_removal", "fct_reading"),
        """
        select count(*) filter (where not exists (select 1 from rpt_reading_removal m where m.removal_no = p.removal_no)) as found,
               count(*) filter (where exists (select 1 from fct_reading r where r.flag_human = '人工剔除 ' || p.removal_no))
               as falsely_found
        from planted p""",
        "an entry without evidence stands in no table and removes no value",
        (("removal_no", "varchar"),),
    ),
}  # fmt: skip
