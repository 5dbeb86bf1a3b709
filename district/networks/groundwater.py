"""Groundwater: wells as they stood, and quarterly samples of the span and of the quarters before it (for trends).

Background values of a well alternate between two figures from quarter to quarter, so that no trend arises by chance. Planted: wells
whose class one item decides (also pH on both sides of 5.5, 6.5 and 9), a well moved to the confined aquifer between its last two
samples, an item that rises quarter by quarter, an item far above the upgradient well's. Traps: results below detection in six
forms, heavy metals in μg/L, a qualitative item.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from district.names import TOWNS, stream
from district.networks import Base, Feed, point
from district.plan import District, Row
from district.truth_kind import Kind

QUARTERS = 7
FORMS = ("{0}L", "<{0}", "ND", "未检出", "＜{0}", "{0}l")
# item, unit, factor, class II figure of the background, limits of class I to IV (GB/T 14848-2017 table 1)
ITEMS = (
    ("总硬度", "mg/L", "gw_06", 220.0, (150, 300, 450, 650)), ("溶解性总固体", "mg/L", "w01006", 380.0, (300, 500, 1000, 2000)),
    ("硫酸盐", "mg/L", "w21038", 90.0, (50, 150, 250, 350)), ("氯化物", "mg/L", "w21022", 80.0, (50, 150, 250, 350)),
    ("铁", "mg/L", "gw_10", 0.14, (0.1, 0.2, 0.3, 2.0)), ("锰", "mg/L", "gw_11", 0.03, (0.05, 0.05, 0.1, 1.5)),
    ("耗氧量", "mg/L", "w01019", 1.4, (1, 2, 3, 10)), ("氨氮", "mg/L", "w21003", 0.06, (0.02, 0.1, 0.5, 1.5)),
    ("硝酸盐", "mg/L", "w21007", 3.2, (2, 5, 20, 30)), ("氟化物", "mg/L", "w21017", 0.5, (1, 1, 1, 2)),
    ("砷", "mg/L", "w20141", 0.0006, (0.001, 0.001, 0.01, 0.05)),
)  # fmt: skip
# well and quarters before the last: item, figure as reported, class
PLANTED: dict[tuple[int, int], tuple[str, str, int]] = {
    (2, 0): ("锰", "0.62", 4), (2, 2): ("氨氮", "1.8", 5), (4, 0): ("pH", "6.49", 4), (4, 1): ("pH", "6.5", 2), (4, 2): ("pH", "9", 4),
    (4, 3): ("pH", "9.01", 5), (4, 4): ("pH", "5.49", 5), (5, 0): ("嗅和味", "1", 5),
}  # fmt: skip


def _quarters(d: District) -> list[tuple[date, datetime]]:
    """First day and sampling time of the last seven quarters sampled by the end of the span, oldest first."""
    out: list[tuple[date, datetime]] = []
    year, q = d.last.year, (d.last.month - 1) // 3
    while len(out) < QUARTERS:
        day = date(year, 3 * q + 2, 10)
        if day <= d.last:
            out.append(
                (date(year, 3 * q + 1, 1), datetime.combine(day, datetime.min.time()) + timedelta(hours=9))
            )
        year, q = (year, q - 1) if q else (year - 1, 3)
    return out[::-1]


def _figure(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


class _Samples:
    """What is reported, by well and quarter, and the truth that follows from the figures as sent."""

    def __init__(self, d: District, feed: Feed, codes: list[str]) -> None:
        self.d, self.feed, self.codes = d, feed, codes
        self.sent: dict[tuple[int, int, str], float] = {}

    def row(
        self, j: int, at: datetime, item: str, unit: str | None, text: str, factor: str, times: int = 1
    ) -> None:
        """times: what the reported unit is in the factor's own (1 mg/L is 1000 μg/L)."""
        code = self.codes[j]
        self.feed.registers.setdefault("groundwater_sample", []).append(
            {"well_code": code, "sampled_at": at, "item": item, "value": text, "unit_text": unit, "sample_no": f"合成G{at:%Y%m}-{j + 1:02d}",
             "maturity": "reviewed"}
        )  # fmt: skip
        if any(x in text for x in ("L", "l", "<", "＜", "ND", "未检出")):
            digits = "".join(c for c in text if c in "0123456789.")
            limit = float(digits) * times if digits else None
            self.feed.truth.setdefault("below_detection", []).append(
                {"source": "groundwater_sample", "point_id": f"groundwater:{code}", "factor_code": factor, "statistic": "instant",
                 "observed_at": at, "sent": text, "detection_limit": limit}
            )  # fmt: skip


def _grade(value: float, limits: tuple[float, ...]) -> int:
    return next((n for n, x in enumerate(limits, 1) if value <= x), 5)


def make(base: Base) -> Feed:
    """The network's feed: wells 0 (upgradient of 1, 2 and 3), 3 moves to the confined aquifer, 1 has the rising item."""
    d, feed = base.d, Feed()
    rng = stream(d.seed, "groundwater background")
    codes = [f"SYNG{j + 1:02d}" for j in range(6 + int(4 * d.scale))]
    quarters = _quarters(d)
    moved = quarters[-1][1].date() - timedelta(days=3)
    elevation = [round(6.0 + 3 * float(rng.random()), 2) for _ in codes]
    samples = _Samples(d, feed, codes)
    for j, code in enumerate(codes):
        town, role = (2 * j + 3) % len(TOWNS), "background" if j == 0 else "monitoring"
        feed.points.append(point(d, code, f"合成地下水井{j + 1:02d}", "groundwater", town, role))
        well: Row = {"well_code": code, "aquifer": "潜水", "depth_m": 18.0 + j, "screen_top_m": 9.5, "screen_bottom_m": 15.5,
                     "ground_elevation_m": elevation[j], "valid_from": date(2019, 1, 1), "valid_to": None}  # fmt: skip
        wells = [well]
        if j == 3:
            wells = [{**well, "valid_to": moved}, {**well, "aquifer": "承压水", "depth_m": 62.5, "screen_top_m": 48.5, "screen_bottom_m": 58.5,
                      "ground_elevation_m": round(elevation[3] + 0.35, 2), "valid_from": moved}]  # fmt: skip
        feed.database.setdefault("groundwater_well", []).extend(wells)
        if j in (1, 2, 3):
            feed.links.append({"link_kind": "upgradient", "from_point_id": f"groundwater:{code}", "to_point_id": f"groundwater:{codes[0]}",
                               "travel_hours": None, "distance_km": round(0.4 + 0.3 * j, 2), "position_no": None,
                               "valid_from": date(2019, 1, 1), "valid_to": None})  # fmt: skip
        _sample_well(samples, j, quarters, wells, float(rng.uniform(0.93, 1.07)))
    _upgradient_truth(samples, quarters, moved)
    return feed


def _sample_well(
    samples: _Samples, j: int, quarters: list[tuple[date, datetime]], wells: list[Row], own: float
) -> None:
    truth, pid = samples.feed.truth, f"groundwater:{samples.codes[j]}"
    for k, (quarter, at) in enumerate(quarters):
        planted = PLANTED.get((j, len(quarters) - 1 - k))
        factor_of = {"pH": "w01001", "嗅和味": "gw_02"}
        grades: dict[str, int] = {}
        for item, unit, factor, figure, limits in ITEMS:
            factor_of[item] = factor
            value = figure * own * (1.04 if k % 2 else 1.0)
            if j == 1 and item == "硝酸盐":  # rises every quarter, within class II and III
                value = 2.4 + 0.9 * k
            if j == 2 and item == "氯化物":  # three times the upgradient well, still class III
                value = 246.0
            text = planted[1] if planted and planted[0] == item else _figure(value)
            samples.sent[j, k, factor] = float(text)
            grades[factor] = _grade(float(text), limits)
            # metals come in μg/L from a second laboratory
            if item == "砷" and k % 2:
                samples.row(j, at, item, "μg/L", f"{float(text) * 1000:g}", factor)
            else:
                samples.row(j, at, item, unit, text, factor)
        ph = planted[1] if planted and planted[0] == "pH" else "7.4" if k % 2 else "7.2"
        grades["w01001"] = 5 if not 5.5 <= float(ph) <= 9 else 4 if not 6.5 <= float(ph) <= 8.5 else 1
        samples.row(j, at, "pH", "无量纲", ph, "w01001")
        smell = planted[1] if planted and planted[0] == "嗅和味" else "0"
        grades["gw_02"] = 5 if smell == "1" else 1
        samples.row(j, at, "嗅和味", None, smell, "gw_02")
        samples.row(j, at, "铬(六价)", "mg/L", FORMS[(j + k) % len(FORMS)].format(0.004), "w20117", 1000)
        samples.row(j, at, "阴离子表面活性剂", "mg/L", FORMS[(j + k) % 2].format(0.05), "w19002")
        depth = round(
            2.2 + 0.1 * j + (0.2 if k % 2 else 0.0) + (1.5 if j == 3 and k == len(quarters) - 1 else 0.0), 2
        )
        samples.row(j, at, "水位埋深", "m", f"{depth:.2f}", "gw_depth")
        if (worst := max(grades.values())) >= 4:
            truth.setdefault("groundwater_worst_factor", []).append(
                {"point_id": pid, "period_start_date": quarter, "grade": worst,
                 "worst_factor_codes": ",".join(sorted(f for f, g in grades.items() if g == worst))}
            )  # fmt: skip
        if j == 3 and k >= len(quarters) - 3:
            w = wells[-1] if at.date() >= wells[-1]["valid_from"] else wells[0]
            truth.setdefault("groundwater_well_moved", []).append(
                {"point_id": pid, "observed_at": at, "aquifer_code": "confined" if w["aquifer"] == "承压水" else "unconfined",
                 "depth_m": w["depth_m"], "water_level_m": round(w["ground_elevation_m"] - depth, 2)}
            )  # fmt: skip
        if j == 1 and k >= 4:  # five values in a row that rise: S = 10, the least that is significant
            truth.setdefault("groundwater_trend", []).append(
                {
                    "point_id": pid,
                    "factor_code": "w21007",
                    "period_start_date": quarter,
                    "trend_code": "rising",
                }
            )


def _upgradient_truth(samples: _Samples, quarters: list[tuple[date, datetime]], moved: date) -> None:
    """Items at twice the upgradient well's figure or more, of wells in one aquifer with it."""
    for (j, k, factor), value in samples.sent.items():
        if (
            j in (1, 2, 3)
            and not (j == 3 and quarters[k][1].date() >= moved)
            and value >= 2 * samples.sent[0, k, factor]
        ):
            samples.feed.truth.setdefault("groundwater_raised", []).append(
                {
                    "point_id": f"groundwater:{samples.codes[j]}",
                    "factor_code": factor,
                    "period_start_date": quarters[k][0],
                }
            )


def _both_ways(told: str, on: str) -> str:
    return f"""
        with told as ({told})
        select (select count(*) from planted p where exists (select 1 from told r where {on})) as found,
               (select count(*) from told r where not exists (select 1 from planted p where {on})) as falsely_found"""


_QUARTER = "p.point_id = r.point_id and p.period_start_date = r.period_start_date"
KINDS: dict[str, Kind] = {
    "groundwater_worst_factor": Kind(
        ("fct_groundwater_class",),
        _both_ways(
            "select point_id, period_start_date, grade, worst_factor_codes from fct_groundwater_class where grade >= 4",
            f"{_QUARTER} and p.grade = r.grade and p.worst_factor_codes = r.worst_factor_codes",
        ),
        "wells of class IV and V with the items that decide it",
        (("period_start_date", "date"), ("grade", "bigint"), ("worst_factor_codes", "varchar")),
    ),
    "groundwater_well_moved": Kind(
        ("fct_groundwater_level",),
        """
        with told as (
            select r.aquifer_code = p.aquifer_code and abs(r.depth_m - p.depth_m) < 0.0006
                   and abs(r.water_level_m - p.water_level_m) < 0.0006 as is_right
            from planted p inner join fct_groundwater_level r on p.point_id = r.point_id and p.observed_at = r.observed_at)
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) as falsely_found from told""",
        "aquifer, depth and level of the well as it stood on the day of the sample",
        (("aquifer_code", "varchar"), ("depth_m", "double"), ("water_level_m", "double")),
    ),
    "groundwater_trend": Kind(
        ("fct_groundwater_trend",),
        _both_ways(
            "select point_id, series_code, period_start_date, trend_code from fct_groundwater_trend where trend_code in ('rising', 'falling')",
            f"{_QUARTER} and p.factor_code = r.series_code and p.trend_code = r.trend_code",
        ),
        "items that rise or fall by Mann–Kendall",
        (("period_start_date", "date"), ("trend_code", "varchar")),
    ),
    "groundwater_raised": Kind(
        ("fct_groundwater_upgradient",),
        _both_ways(
            "select point_id, factor_code, period_start_date from fct_groundwater_upgradient where is_raised",
            f"{_QUARTER} and p.factor_code = r.factor_code",
        ),
        "items far above the upgradient well of the same aquifer",
        (("period_start_date", "date"),),
    ),
}  # fmt: skip
