"""Rivers into the bay: hourly flow (negative where the tide runs back through the gate), total nitrogen and phosphorus.

Invariant: truth is worked from the figures as sent, in exact decimals, by the methods' formulas and not by the warehouse's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from district.names import stream
from district.networks import Base, Feed, point
from district.plan import District, Row
from district.truth_kind import Kind

FACTORS = (("tn_mg_l", "w21001", 2), ("tp_mg_l", "w21011", 3))
MIN_HOURS = 20  # of seed bay_rule: a day with fewer hours of both figures is a gap
DETECTION = Decimal("0.01")
_MICRO = Decimal("0.000001")


@dataclass(frozen=True)
class River:
    code: str
    name: str
    body: str
    town: int
    role: str
    flow: float  # m³/s
    tn: float
    tp: float
    follows: float  # how strongly concentration goes with flow


RIVERS = (
    River("SYNB01", "合成曹娥江口门闸", "曹娥江", 10, "sluice", 210.0, 2.6, 0.09, 0.0),
    River("SYNB02", "合成西小江入湾断面", "西小江", 6, "river", 34.0, 3.1, 0.13, 0.55),
    River("SYNB03", "合成浙东运河入湾断面", "浙东运河", 4, "river", 22.0, 2.9, 0.11, -0.4),
)


@dataclass
class Series:
    """Hourly figures as sent; a text that is no number stands in `told` (blank: None, below detection: `<0.01`)."""

    river: River
    flow: list[str | None]
    told: dict[str, list[str | None]]


def _series(d: District, r: River) -> Series:
    rng = stream(d.seed, f"bay {r.code}")
    n = d.days * 24
    hour = np.arange(n)
    slow = np.repeat(rng.standard_normal(d.days), 24) * 0.25 + rng.standard_normal(n) * 0.02
    if r.role == "sluice":  # opened at ebb; at flood some water runs back
        tide = np.sin(2 * np.pi * hour / 12.42)
        flow = np.where(tide > 0.15, r.flow * tide, np.where(tide < -0.7, r.flow * 0.22 * tide, 0.0))
    else:
        flow = r.flow * np.exp(slow)
    tn = r.tn * np.exp(r.follows * slow + rng.standard_normal(n) * 0.03)
    tp = r.tp * np.exp(r.follows * slow + rng.standard_normal(n) * 0.03)
    told = {
        "tn_mg_l": [f"{x:.2f}" for x in tn],
        "tp_mg_l": [f"{x:.3f}" for x in tp],
    }
    return Series(r, [f"{x:.2f}" for x in flow], {k: list(v) for k, v in told.items()})


def _plant(d: District, s: Series, k: int) -> None:
    """Gap days (a whole day silent, one hour too few) and a day that just has its hours; cells below detection."""
    if d.days < 20:
        return
    rng = stream(d.seed, f"bay gaps {s.river.code}")
    for start in range(3, d.days - 8, 40):
        day = start + int(rng.integers(0, 5))
        for key in s.told:  # analysers silent, the gauge goes on
            s.told[key][day * 24 : day * 24 + 24] = [None] * 24
        short = day + 3
        lost = (
            24 - MIN_HOURS + (1 if k % 2 == 0 else 0)
        )  # one river just below the bound, the next just on it
        s.told["tp_mg_l"][short * 24 + 6 : short * 24 + 6 + lost] = [None] * lost
        s.told["tp_mg_l"][(day + 6) * 24 + 5] = f"<{DETECTION}"


def _number(text: str | None) -> Decimal | None:
    """What the figure counts as; below detection half the limit (seed water_detection_substitution)."""
    if text is None:
        return None
    return DETECTION / 2 if text.startswith("<") else Decimal(text)


def _days(s: Series, key: str, d: District) -> Iterator[tuple[date, list[tuple[Decimal, Decimal]]]]:
    """Per day the hours with both figures: (mg/L, m³/h)."""
    for day in range(d.days):
        pairs = []
        for h in range(day * 24, day * 24 + 24):
            c, q = _number(s.told[key][h]), _number(s.flow[h])
            if c is not None and q is not None:
                pairs.append((c, q * 3600))
        yield d.first + timedelta(days=day), pairs


def _round(x: Decimal) -> float:
    return float(x.quantize(_MICRO, ROUND_HALF_UP))


def _truth(d: District, all_series: list[Series]) -> dict[str, list[Row]]:
    truth: dict[str, list[Row]] = {
        "bay_gap_day": [],
        "bay_day_load": [],
        "bay_river_mean": [],
        "below_detection": [],
    }
    for s in all_series:
        point_id = f"river_mouth:{s.river.code}"
        for key, factor, _ in FACTORS:
            months: dict[str, list[tuple[Decimal, Decimal, Decimal]]] = {}
            for n, (day, pairs) in enumerate(_days(s, key, d)):
                about = {"point_id": point_id, "factor_code": factor, "date_day": day}
                if len(pairs) < MIN_HOURS:
                    truth["bay_gap_day"].append({**about, "hours": len(pairs)})
                    continue
                hours = len(pairs)
                out = sum((c * q for c, q in pairs if q > 0), Decimal(0))
                back = -sum((c * q for c, q in pairs if q < 0), Decimal(0))
                water = sum((q for _, q in pairs if q > 0), Decimal(0))
                mean = sum((c for c, _ in pairs), Decimal(0)) / hours
                net_water = sum((q for _, q in pairs), Decimal(0)) * 24 / hours
                if water:
                    months.setdefault(f"{day:%Y-%m}", []).append((mean, out / water, water * 24 / hours))
                if n % 9 == 4:
                    truth["bay_day_load"].append(
                        {**about, "out_kg": _round(out * 24 / hours / 1000), "in_kg": _round(back * 24 / hours / 1000),
                         "load_kg": _round((out - back) * 24 / hours / 1000), "mean_load_kg": _round(mean * net_water / 1000)}
                    )  # fmt: skip
            for month, days in months.items():
                plain = sum((m for m, _, _ in days), Decimal(0)) / len(days)
                weighted = sum((f * w for _, f, w in days), Decimal(0)) / sum(
                    (w for _, _, w in days), Decimal(0)
                )
                truth["bay_river_mean"].append(
                    {"point_id": point_id, "factor_code": factor, "period": month, "mean_mg_l": _round(plain),
                     "flow_weighted_mg_l": _round(weighted)}
                )  # fmt: skip
            truth["below_detection"] += [
                {"source": "bay_river_hourly", "point_id": point_id, "factor_code": factor, "statistic": "mean",
                 "observed_at": d.begin + timedelta(hours=h + 1), "sent": text, "detection_limit": float(DETECTION)}
                for h, text in enumerate(s.told[key]) if text is not None and text.startswith("<")
            ]  # fmt: skip
    return truth


def _pages(d: District, all_series: list[Series]) -> Iterator[tuple[str, list[Row]]]:
    for day in range(d.days):
        records: list[Row] = []
        for h in range(day * 24, day * 24 + 24):
            at = d.begin + timedelta(hours=h + 1)
            for s in all_series:
                row: Row = {"stationCode": s.river.code, "dataTime": f"{at:%Y-%m-%d %H:%M:%S}", "auditState": "preliminary",
                            "flow_m3_s": s.flow[h]}  # fmt: skip
                for key, _, _ in FACTORS:
                    row[key] = s.told[key][h]
                    if s.told[key][h] is None:
                        row[f"{key}_flag"] = "B"
                records.append(row)
        yield f"{d.first + timedelta(days=day)}", records


def make(base: Base) -> Feed:
    """Points, hourly figures and truth of the rivers into the bay."""
    d = base.d
    all_series = [_series(d, r) for r in RIVERS]
    for k, s in enumerate(all_series):
        _plant(d, s, k)
    points = [
        point(
            d, r.code, r.name, "river_mouth", r.town, r.role, water_body_type="river", water_body_name=r.body
        )
        for r in RIVERS
    ]
    return Feed(
        points=points, platform={"bay_river_hourly": list(_pages(d, all_series))}, truth=_truth(d, all_series)
    )


KINDS = {
    "bay_gap_day": Kind(
        ("fct_bay_day", "fct_reading"),
        """
        with span as (select min(observed_at) as a, max(observed_at) as b from fct_reading where source = 'bay_river_hourly'),
        told as (select distinct point_id, factor_code, date_day from fct_bay_day, span
                 where (is_estimated or load_kg is null) and date_day >= cast(span.a as date) and date_day < cast(span.b as date))
        select (select count(*) from planted p where exists (
                    select 1 from told t where t.point_id = p.point_id and t.factor_code = p.factor_code
                    and t.date_day = p.date_day)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where t.point_id = p.point_id and t.factor_code = p.factor_code
                    and t.date_day = p.date_day)) as falsely_found""",
        "a day short of hours is marked as estimated (or has no value), and no other day is",
    ),
    "bay_day_load": Kind(
        ("fct_bay_day",),
        """
        with told as (
            select p.point_id, p.factor_code, p.date_day,
                   bool_and(case when d.method_code = 'instant_sum'
                       then abs(d.load_kg - p.load_kg) <= 0.00001 and abs(d.out_kg - p.out_kg) <= 0.00001
                            and abs(d.in_kg - p.in_kg) <= 0.00001
                       else abs(d.load_kg - p.mean_load_kg) <= greatest(0.001, abs(p.mean_load_kg) * 0.0000005) end) as is_right,
                   count(distinct d.method_code) as methods
            from planted p inner join fct_bay_day d
                on p.point_id = d.point_id and p.factor_code = d.factor_code and p.date_day = d.date_day
            group by all)
        select count(*) filter (where is_right and methods = 2) as found,
               count(*) filter (where not coalesce(is_right and methods = 2, false)) as falsely_found from told""",
        "load of the day by both methods, out and in apart, as worked from the figures sent",
        (
            ("date_day", "date"),
            ("load_kg", "double"),
            ("out_kg", "double"),
            ("in_kg", "double"),
            ("mean_load_kg", "double"),
        ),
    ),
    "bay_river_mean": Kind(
        ("fct_bay_period",),
        """
        with told as (
            select abs(b.mean_mg_l - p.mean_mg_l) <= 0.00001
                   and abs(b.flow_weighted_mg_l - p.flow_weighted_mg_l) <= 0.00001 as is_right
            from planted p inner join fct_bay_period b
                on p.point_id = b.point_id and p.factor_code = b.factor_code and b.period_type = 'month'
                and p.period = b.period and b.is_default and b.rank_in_period = 1)
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) as falsely_found from told""",
        "plain and flow-weighted mean of the month differ as planted",
        (("period", "varchar"), ("mean_mg_l", "double"), ("flow_weighted_mg_l", "double")),
    ),
}
