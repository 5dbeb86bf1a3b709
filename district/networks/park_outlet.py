"""Sewage and rain outlets of industrial parks with their rain gauges.

Invariant: truth is judged from the figures as sent (exact decimals), by the rules' words: dry when the gauge told no rain for 24 hours,
first flush when the load share of the first two wet hours is well above their share of the water. Quality is told only where a
pipe carries water, as such stations do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import numpy as np

from district.names import stream
from district.networks import Base, Feed, point
from district.networks._parks import PARKS, Park, hourly_pages, park_rows
from district.plan import District, Row
from district.truth_kind import Kind

# of seeds park_rule and park_outlet_limit
DRY_HOURS, DRY_FLOW, DRY_MIN = 24, Decimal("1"), 2
EVENT_GAP, EVENT_MM, TAIL, FIRST, FLUSH = 6, Decimal("2"), 6, 2, Decimal("1.2")
LIMITS = {"cod_mg_l": ("w01018", Decimal("200")), "nh3n_mg_l": ("w21003", Decimal("20"))}


@dataclass
class Pipe:
    """One outlet: figures as sent, per hour (None: not told)."""

    code: str
    park: Park
    role: str
    flow: list[str | None]
    cod: list[str | None]
    nh3n: list[str | None]
    ph: list[str | None] = field(default_factory=list)

    def told(self, h: int) -> Row:
        row: Row = {"flow_m3_h": self.flow[h]}
        if self.role == "sewage" or self.cod[h] is not None:
            row |= {"cod_mg_l": self.cod[h], "nh3n_mg_l": self.nh3n[h]}
        if self.ph:
            row["ph"] = self.ph[h]
        return row


def _rain(d: District, park: Park) -> list[str]:
    """Showers of four to eight hours every five to eight days, and a drizzle too small for an event between two of them."""
    rng = stream(d.seed, f"park rain {park.code}")
    mm = np.zeros(d.days * 24)
    start = 30 + int(rng.integers(0, 20))
    while start + 12 < len(mm):
        hours = int(rng.integers(4, 9))
        mm[start : start + hours] = np.round(rng.uniform(1.0, 5.0, hours), 1)
        drizzle = start + int(rng.integers(60, 66))
        if drizzle < len(mm):
            mm[drizzle] = 0.2
        start += int(rng.integers(120, 190))
    return [f"{x:.1f}" for x in mm]


def _rain_pipe(d: District, park: Park, code: str, rain: list[str], washes: bool) -> Pipe:
    """Runoff that follows the rain for some hours; washes: the first water is much dirtier than the rest."""
    rng = stream(d.seed, f"park pipe {code}")
    n = len(rain)
    flow: list[str | None] = [
        f"{x:.2f}" for x in rng.uniform(0.05, 0.4, n)
    ]  # seepage below what counts as water
    cod: list[str | None] = [None] * n
    nh3n: list[str | None] = [None] * n
    wet = [float(x) > 0.5 for x in rain]
    since = 0
    for h in range(n):
        recent = [float(rain[k]) for k in range(max(0, h - 3), h + 1) if wet[k]]
        if not recent:
            since = 0
            continue
        flow[h] = f"{12 * sum(recent) / 4 + 3 + float(rng.uniform(0, 1)):.2f}"
        dirt = 1 + (4.5 if since < FIRST else 0.2 if since < 4 else 0.0) if washes else 1.0
        cod[h] = f"{42 * dirt + float(rng.uniform(0, 2)):.1f}"
        nh3n[h] = f"{1.6 * dirt + float(rng.uniform(0, 0.06)):.2f}"
        since += 1
    return Pipe(code, park, "rain_pipe", flow, cod, nh3n)


def _dry(rain: list[str], h: int) -> bool:
    """No rain in the 24 hours up to this one, all of them told."""
    return h >= DRY_HOURS - 1 and not any(float(x) for x in rain[h - DRY_HOURS + 1 : h + 1])


def _plant_dry(d: District, pipe: Pipe, rain: list[str]) -> None:
    """Water on dry days; and what is none: one hour only, and water while the last rain is too near."""
    if d.days < 20:
        return
    rng = stream(d.seed, f"park dry {pipe.code}")
    wanted = max(3, d.days // 12)
    days = [k for k in range(2, d.days - 1) if all(_dry(rain, h) for h in range(k * 24 + 6, k * 24 + 24))]
    for n, day in enumerate(sorted(int(x) for x in rng.permutation(days)[:wanted])):
        hours = 1 if n % 3 == 2 else int(rng.integers(3, 7))
        for h in range(day * 24 + 10, day * 24 + 10 + hours):
            pipe.flow[h], pipe.cod[h], pipe.nh3n[h] = (
                f"{rng.uniform(5, 14):.2f}",
                f"{rng.uniform(150, 260):.1f}",
                f"{rng.uniform(9, 16):.2f}",
            )
    for h in range(DRY_HOURS, len(rain) - 8):  # 15 hours after a drizzle: not dry yet
        if rain[h] == "0.2" and not any(float(x) for x in rain[h + 1 : h + 20]):
            for k in range(h + 15, min(h + 18, len(rain))):
                pipe.flow[k], pipe.cod[k], pipe.nh3n[k] = "4.00", "60.0", "2.00"
            break


def _sewage(d: District, park: Park, code: str) -> Pipe:
    rng = stream(d.seed, f"park sewage {code}")
    n = d.days * 24
    hour = np.arange(n) % 24
    flow = 90 + 40 * np.sin(2 * np.pi * (hour - 7) / 24) + rng.uniform(-4, 4, n)
    cod, nh3n = rng.uniform(90, 150, n), rng.uniform(6, 14, n)
    if d.days >= 20:
        for k, day in enumerate(
            sorted(int(x) for x in rng.choice(np.arange(2, d.days - 2), 4, replace=False))
        ):
            s = slice(day * 24, day * 24 + 24)
            if k == 0:
                cod[s] = rng.uniform(230, 270, 24)
            elif k == 1:
                nh3n[s] = rng.uniform(23, 27, 24)
            elif (
                k == 2
            ):  # strong hours carry the water: the weighted mean is above the limit, the plain one below
                pulse = (hour[s] >= 9) & (hour[s] < 17)
                flow[s], cod[s] = np.where(pulse, 200, 40), np.where(pulse, 280, 100)
            else:  # one hour above: an early warning, no day
                cod[day * 24 + 12] = 240
    return Pipe(code, park, "sewage", [f"{x:.2f}" for x in flow], [f"{x:.1f}" for x in cod], [f"{x:.2f}" for x in nh3n],
                [f"{x:.2f}" for x in rng.uniform(6.8, 8.2, n)])  # fmt: skip


def _sewage_truth(d: District, pipe: Pipe) -> list[Row]:
    rows: list[Row] = []
    for key, (factor, limit) in LIMITS.items():
        told = pipe.cod if key == "cod_mg_l" else pipe.nh3n
        for day in range(d.days):
            pairs = [
                (Decimal(c), Decimal(q))
                for c, q in zip(
                    told[day * 24 : day * 24 + 24], pipe.flow[day * 24 : day * 24 + 24], strict=True
                )
                if c is not None and q is not None
            ]
            mean = sum((c * q for c, q in pairs), Decimal(0)) / sum((q for _, q in pairs), Decimal(0))
            if mean > limit:
                rows.append({"point_id": f"park_outlet:{pipe.code}", "factor_code": factor, "date_day": d.first + timedelta(days=day),
                             "value": round(float(mean), 6)})  # fmt: skip
    return rows


def _dry_truth(d: District, pipe: Pipe, rain: list[str]) -> list[Row]:
    rows: list[Row] = []
    for day in range(d.days):
        hours = [
            h
            for h in range(day * 24, day * 24 + 24)
            if _dry(rain, h) and (q := pipe.flow[h]) is not None and Decimal(q) >= DRY_FLOW
        ]
        if len(hours) >= DRY_MIN:
            rows.append(
                {
                    "point_id": f"park_outlet:{pipe.code}",
                    "date_day": d.first + timedelta(days=day),
                    "hours": len(hours),
                }
            )
    return rows


def _events(d: District, pipe: Pipe, rain: list[str]) -> list[Row]:
    """Each rain event's first-flush ratio per factor, from the figures sent."""
    wet = [h for h, x in enumerate(rain) if float(x) > 0]
    starts = [h for k, h in enumerate(wet) if k == 0 or h - wet[k - 1] > EVENT_GAP]
    rows: list[Row] = []
    for k, start in enumerate(starts):
        stop = starts[k + 1] if k + 1 < len(starts) else len(rain)
        mine = [h for h in wet if start <= h < stop]
        if sum((Decimal(rain[h]) for h in mine), Decimal(0)) < EVENT_MM:
            continue
        last = min(stop - 1, mine[-1] + TAIL)
        water = [
            (h, Decimal(q)) for h in range(start, last + 1)
            if h < len(rain) and (q := pipe.flow[h]) is not None and Decimal(q) >= DRY_FLOW
        ]  # fmt: skip
        for factor, told in (("w01018", pipe.cod), ("w21003", pipe.nh3n)):
            loads = [(h, q, q * Decimal(c)) for h, q in water if (c := told[h]) is not None]
            if not loads or len(loads) < len(water):
                continue
            first = water[0][0] + FIRST
            share = sum((x for h, _, x in loads if h < first), Decimal(0)) / sum(
                (x for _, _, x in loads), Decimal(0)
            )
            part = sum((q for h, q, _ in loads if h < first), Decimal(0)) / sum(
                (q for _, q, _ in loads), Decimal(0)
            )
            rows.append({"point_id": f"park_outlet:{pipe.code}", "factor_code": factor, "observed_at": d.begin + timedelta(hours=start),
                         "ratio": float(share / part)})  # fmt: skip
    return rows


def make(base: Base) -> Feed:
    """Gauges, pipes, their figures and truth."""
    d = base.d
    feed = Feed(registers={"park_register": park_rows(d)})
    pipes: list[Pipe] = []
    gauges: dict[str, list[str]] = {}
    truth: dict[str, list[Row]] = {"park_dry_flow": [], "park_sewage_day": [], "park_first_flush": []}
    for n, park in enumerate(PARKS, 1):
        rain = gauges[f"SYNPG{n}"] = _rain(d, park)
        feed.points.append(
            point(
                d,
                f"SYNPG{n}",
                f"合成园区雨量计{n}",
                "park_outlet",
                park.town,
                "rain_gauge",
                park_code=park.code,
            )
        )
        mine = [_rain_pipe(d, park, f"SYNPR{n}", rain, washes=n == 1)]
        if n == 1:
            mine.append(_sewage(d, park, f"SYNPS{n}"))
        for pipe in mine:
            label = "雨水排口" if pipe.role == "rain_pipe" else "污水排口"
            feed.points.append(
                point(
                    d,
                    pipe.code,
                    f"合成园区{label}{n}",
                    "park_outlet",
                    park.town,
                    pipe.role,
                    park_code=park.code,
                )
            )
            if pipe.role == "rain_pipe":
                _plant_dry(d, pipe, rain)
                truth["park_dry_flow"] += _dry_truth(d, pipe, rain)
                truth["park_first_flush"] += [
                    r for r in _events(d, pipe, rain) if Decimal(str(r["ratio"])) >= FLUSH
                ]
            else:
                truth["park_sewage_day"] += _sewage_truth(d, pipe)
        pipes += mine
    by_code = {p.code: p for p in pipes}

    def told(code: str, h: int) -> Row:
        return {"rain_mm": gauges[code][h]} if code in gauges else by_code[code].told(h)

    feed.platform["park_outlet_hourly"] = list(hourly_pages(d, [*gauges, *by_code], told))
    feed.truth = truth
    return feed


def _days(table: str, where: str) -> str:
    on = "p.point_id = t.point_id and p.date_day = t.date_day"
    return f"""
        with told as (select distinct point_id, date_day from {table} where {where})
        select (select count(*) from planted p where exists (select 1 from told t where {on})) as found,
               (select count(*) from told t where not exists (select 1 from planted p where {on})) as falsely_found"""


KINDS = {
    "park_dry_flow": Kind(
        ("fct_park_finding", "fct_early_warning"),
        _days("fct_park_finding", "finding_id in (select warning_id from fct_early_warning)"),
        "a day on which a rain pipe carried water with no rain for 24 hours is a problem and an early warning, and no other day is",
    ),
    "park_sewage_day": Kind(
        ("fct_park_day",),
        """
        with told as (select point_id, factor_code, date_day, value from fct_park_day
                      where role = 'sewage' and rank_in_day = 1 and judgement = 'exceedance')
        select (select count(*) from planted p inner join told t on p.point_id = t.point_id and p.factor_code = t.factor_code
                and p.date_day = t.date_day and abs(p.value - t.value) < 0.00001) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code and p.date_day = t.date_day)) as falsely_found""",
        "flow-weighted mean of the day above the limit, and the figure itself",
    ),
    "park_first_flush": Kind(
        ("fct_park_rain_event",),
        """
        with told as (select point_id, factor_code, started_at, first_flush_ratio from fct_park_rain_event where is_first_flush)
        select (select count(*) from planted p inner join told t on p.point_id = t.point_id and p.factor_code = t.factor_code
                and p.observed_at = t.started_at and abs(p.ratio - t.first_flush_ratio) < 0.0001) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code and p.observed_at = t.started_at)) as falsely_found""",
        "rain events whose first wet hours carry far more load than water, with the ratio",
        (("ratio", "double"),),
    ),
}  # fmt: skip
