"""Rivers and lakes of the district's own automatic stations: a river in order, tributaries of a lake with flow, a lake.

Arrays are [step, station]; step k is the instant 4·(k + 1) hours after the first midnight. Invariant: apart from what is planted
every value stays inside one class of GB 3838, and truth is computed from the values as sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from district.names import stream
from district.networks import Base, Feed, point, start_of
from district.plan import District, Row
from district.truth_kind import Kind

# code, name, town, role, water body, kind of body, zone
STATIONS = (
    ("SYNWR01", "合成长河入境站", 9, "entry", "合成长河", "river", "SYNZ01"),
    ("SYNWR02", "合成长河二号站", 8, "profile", "合成长河", "river", "SYNZ01"),
    ("SYNWR03", "合成长河三号站", 6, "profile", "合成长河", "river", "SYNZ02"),
    ("SYNWR04", "合成长河四号站", 4, "profile", "合成长河", "river", "SYNZ02"),
    ("SYNWR05", "合成长河五号站", 0, "profile", "合成长河", "river", "SYNZ02"),
    ("SYNWB01", "合成东支流站", 11, "tributary", "合成东支流", "river", "SYNZ03"),
    ("SYNWB02", "合成西支流站", 11, "tributary", "合成西支流", "river", "SYNZ03"),
    ("SYNWB03", "合成北支流站", 12, "tributary", "合成北支流", "river", "SYNZ03"),
    ("SYNWL01", "合成镜湖湖心站", 1, "lake_station", "合成镜湖", "lake", "SYNZ04"),
)
TRAVEL_HOURS = (4, 8, 12, 8)  # from each river station to the next one
LATER_HOURS = (
    8  # by how much the water of every second event is slower between the third and the fourth station
)
# field, factor code, decimals, level, spread of the noise (as a share), by role
ITEMS = {
    "dissolvedOxygen": ("w01009", 2), "codmn": ("w01019", 2), "nh3n": ("w21003", 3), "tp": ("w21011", 3),
    "tn": ("w21001", 2), "chla": ("w01016", 1), "flow": ("w00000", 3),
}  # fmt: skip
LEVELS = {
    "river": {"dissolvedOxygen": (8.3, 0.01), "nh3n": (0.30, 0.03), "tp": (0.070, 0.03)},
    "tributary": {"nh3n": (0.35, 0.03), "tp": (0.075, 0.03), "tn": (1.80, 0.02), "flow": (3.0, 0.15)},
    "lake_station": {"codmn": (3.5, 0.02), "tp": (0.036, 0.03), "tn": (1.05, 0.02), "chla": (12.0, 0.05)},
}
SHAPE = (0.5, 0.75, 1.0, 0.75, 0.5)  # a peak of five readings above the base, in parts of its height


@dataclass
class Stations:
    """values[item]: [step, station], NaN where none is sent or measured."""

    d: District
    values: dict[str, np.ndarray]
    truth: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        return self.d.days * 6 - 1

    def at(self, step: int) -> datetime:
        return self.d.begin + timedelta(hours=4 * (step + 1))

    def tell(self, kind: str, **row: object) -> None:
        self.truth.setdefault(kind, []).append(row)


def _level(role: str) -> dict[str, tuple[float, float]]:
    return LEVELS["river" if role in ("entry", "profile") else role]


def _background(d: District) -> Stations:
    rng = stream(d.seed, "water network")
    n = len(STATIONS)
    s = Stations(d, {item: np.full((d.days * 6 - 1, n), np.nan) for item in ITEMS})
    day_share = (np.arange(s.steps) + 1) / 6
    for j, station in enumerate(STATIONS):
        for item, (level, spread) in _level(station[3]).items():
            wave = np.clip(rng.standard_normal(s.steps), -2.5, 2.5)
            figures = level * (1 + spread * wave)
            if item == "flow":
                figures = figures * (1 + 0.25 * np.sin(2 * np.pi * day_share / 9 + j)) * (1 + 0.6 * (j % 3))
            figures[rng.random(s.steps) < 0.01] = np.nan  # instruments under maintenance
            s.values[item][:, j] = np.round(figures, ITEMS[item][1])
    return s


def _plant_peaks(s: Stations) -> None:
    """Ammonia peaks that travel down the river; every second event is late at the fourth station."""
    rng = stream(s.d.seed, "water peaks")
    nh3n = s.values["nh3n"]
    for event in range(s.steps // 72 + 1):
        first = 8 + event * 72 + int(rng.integers(20))
        slow = LATER_HOURS if event % 2 else 0
        hours = [TRAVEL_HOURS[i] + (slow if i == 2 else 0) for i in range(len(TRAVEL_HOURS))]
        places = [first + sum(hours[:j]) // 4 for j in range(len(hours) + 1)]
        if places[-1] + 8 >= s.steps:
            break
        height = 1.7 + 0.3 * float(rng.random())
        for j, k in enumerate(places):
            for i, part in enumerate(SHAPE):
                nh3n[k - 2 + i, j] = round(0.30 * (1 + height * 0.97**j * part), 3)
        for j, lag in enumerate(hours):
            s.tell(
                "water_lagged_peak", from_point_id=f"water:{STATIONS[j + 1][0]}", to_point_id=f"water:{STATIONS[j][0]}",
                factor_code="w21003", upstream_observed_at=s.at(places[j]), observed_at=s.at(places[j + 1]),
                lag_hours=float(lag),
            )  # fmt: skip


def _plant_drops(s: Stations) -> None:
    """Drops of class that last a day, and single readings of ammonia that no river can show (each is a drop as well)."""
    rng = stream(s.d.seed, "water drops")
    tributaries = [j for j, station in enumerate(STATIONS) if station[3] == "tributary"]
    blocks = [(j, b) for j in tributaries for b in range(1, s.steps // 24)]
    order = [blocks[i] for i in rng.permutation(len(blocks))]
    count = max(2, s.d.days // 20)
    for n, (j, block) in enumerate(order[: 2 * count]):
        k = block * 24 + int(rng.integers(3, 9))
        point_id, at = f"water:{STATIONS[j][0]}", s.at(k)
        clean = slice(k - 2, k + 9)
        for item, (level, _) in _level("tributary").items():
            if item in ("nh3n", "tp"):
                gaps = np.isnan(s.values[item][clean, j])
                s.values[item][clean, j][gaps] = level
        if n % 2:
            s.values["nh3n"][k, j] = round(2.2 + 0.4 * float(rng.random()), 3)
            s.tell("water_spike", point_id=point_id, factor_code="w21003", observed_at=at)
        else:
            s.values["tp"][k : k + 6, j] = round(0.255 + 0.03 * float(rng.random()), 3)
        s.tell("water_class_drop", point_id=point_id, observed_at=at)


def _load_truth(s: Stations) -> None:
    """Load of a day in kg: the sum of concentration (g/m³) × flow (m³/h) × 4 h over the readings that have both."""
    for j, station in enumerate(STATIONS):
        if station[3] != "tributary":
            continue
        for item in ("nh3n", "tp", "tn"):
            days: dict[object, list[float]] = {}
            for k in range(s.steps):
                c, q = float(s.values[item][k, j]), float(s.values["flow"][k, j])
                if not (np.isnan(c) or np.isnan(q)):
                    days.setdefault(s.at(k).date(), []).append(c * q * 3600 * 4 / 1000)
            for day, parts in days.items():
                if len(parts) >= 5:
                    s.tell(
                        "water_tributary_load", point_id=f"water:{station[0]}", factor_code=ITEMS[item][0],
                        date_day=day, value=sum(parts),
                    )  # fmt: skip


def _record(s: Stations, k: int, j: int) -> Row:
    row: Row = {"stationCode": STATIONS[j][0], "dataTime": str(s.at(k)), "auditState": "preliminary"}
    for item in _level(STATIONS[j][3]):
        v = float(s.values[item][k, j])
        row[item] = None if np.isnan(v) else f"{v:.{ITEMS[item][1]}f}"
        row[f"{item}_flag"] = "M" if np.isnan(v) else "N"
    return row


def _days(s: Stations) -> list[tuple[str, list[Row]]]:
    """The platform's records per day; some records stand twice."""
    rng = stream(s.d.seed, "water repeats")
    days: dict[str, list[Row]] = {}
    for k in range(s.steps):
        day = f"{s.at(k) - timedelta(hours=1):%Y-%m-%d}"
        for j in range(len(STATIONS)):
            record = _record(s, k, j)
            days.setdefault(day, []).append(record)
            if rng.random() < 0.004 and record.get("tp") is not None:
                days[day].append(dict(record))
                s.tell(
                    "duplicate_data", source="water_station_4h", statistic="instant", factor_code="w21011",
                    point_id=f"water:{STATIONS[j][0]}", observed_at=s.at(k), value=float(record["tp"]),
                )  # fmt: skip
    return sorted(days.items())


# a sample of the 21 items of class evaluation, all within class II, in mg/L (pH has no unit)
SAMPLE = (
    ("水温", "℃", "14.0"), ("pH", "无量纲", "7.50"), ("溶解氧", "mg/L", "8.2"), ("高锰酸盐指数", "mg/L", "3.0"),
    ("化学需氧量", "mg/L", "12"), ("五日生化需氧量", "mg/L", "2.0"), ("氨氮", "mg/L", "0.300"), ("总磷", "mg/L", "0.070"),
    ("总氮", "mg/L", "1.60"), ("铜", "mg/L", "0.004"), ("锌", "mg/L", "0.020"), ("氟化物", "mg/L", "0.40"),
    ("硒", "mg/L", "0.0008"), ("砷", "μg/L", "1.2"), ("汞", "μg/L", "0.02"), ("镉", "mg/L", "0.0003"),
    ("铬(六价)", "mg/L", "0.006"), ("铅", "μg/L", "2.0"), ("氰化物", "mg/L", "0.004"), ("挥发酚", "mg/L", "0.0010"),
    ("石油类", "mg/L", "0.020"), ("阴离子表面活性剂", "mg/L", "0.06"), ("硫化物", "mg/L", "0.010"),
)  # fmt: skip


def _samples(d: District) -> list[Row]:
    """Monthly samples by hand: all items at the entry, the transparency of the lake (in cm)."""
    rows: list[Row] = []
    for k in range(d.days):
        day = d.begin + timedelta(days=k, hours=10, minutes=20)
        if day.day != 5:
            continue
        told = [("SYNWR01", *x) for x in SAMPLE] + [("SYNWL01", "透明度", "cm", str(62 + day.month))]
        rows += [
            {"section_code": code, "sampled_at": day, "factor_name": name, "value": text, "unit_text": unit,
             "sample_no": f"合成{day:%Y%m%d}-{code}", "maturity": "reviewed"} for code, name, unit, text in told
        ]  # fmt: skip
    return rows


def make(base: Base) -> Feed:
    """Stations, their order, their readings, and what is planted in them."""
    d = base.d
    s = _background(d)
    _plant_peaks(s)
    _plant_drops(s)
    _load_truth(s)
    platform: dict[str, Iterable[tuple[str, list[Row]]]] = {"water_station": _days(s)}
    river = [f"water:{x[0]}" for x in STATIONS if x[3] in ("entry", "profile")]
    link = {"valid_from": start_of(d), "valid_to": None}
    links: list[Row] = [
        {"link_kind": "upstream", "from_point_id": river[i + 1], "to_point_id": river[i],
         "travel_hours": float(hours), "distance_km": 1.5 * hours, "position_no": i + 1, **link}
        for i, hours in enumerate(TRAVEL_HOURS)
    ]  # fmt: skip
    links += [
        {"link_kind": "tributary", "from_point_id": "water:SYNWL01", "to_point_id": f"water:{x[0]}",
         "travel_hours": 6.0, "distance_km": 3.0, "position_no": n + 1, **link}
        for n, x in enumerate(x for x in STATIONS if x[3] == "tributary")
    ]  # fmt: skip
    return Feed(
        points=[
            point(d, code, f"{name}（演示）", "surface_water", town, role, water_body_type=kind, water_body_name=body,
                  target_class="Ⅲ", zone_code=zone)
            for code, name, town, role, body, kind, zone in STATIONS
        ],
        links=links, registers={"water_section_manual": _samples(d)}, platform=platform, truth=s.truth,
    )  # fmt: skip


_OWN = "regexp_matches({0}, '^water:SYNW[RBL][0-9]{{2}}$')"

KINDS = {
    "water_class_drop": Kind(
        ("fct_early_warning", "fct_reading"),
        f"""
        with told as (
            select subject_id as point_id, started_at as observed_at, _load_id from fct_early_warning
            where warning_kind = 'water_class_drop' and {_OWN.format("subject_id")}),
        loads as (select distinct point_id, observed_at, _load_id from fct_reading where source = 'water_station_4h')
        select (select count(*) from planted p inner join told t using (point_id, observed_at)
                inner join loads l using (point_id, observed_at, _load_id)) as found,
               (select count(*) from told t where not exists (select 1 from planted p
                where p.point_id = t.point_id and p.observed_at = t.observed_at)) as falsely_found""",
        "a warning at the very reading that dropped, out of the load that brought it; on the network's own stations",
    ),
    "water_spike": Kind(
        ("fct_reading",),
        f"""
        with told as (
            select point_id, factor_code, observed_at from fct_reading
            where source = 'water_station_4h' and {_OWN.format("point_id")}
                and concat(',', flag_rule, ',') like '%,jump,%')
        select (select count(*) from planted p inner join told t using (point_id, factor_code, observed_at)) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code
                and t.observed_at - p.observed_at in (interval 0 hour, interval 4 hour))) as falsely_found""",
        "the mark jump on the reading and on the return four hours later, and nowhere else on the network's own stations",
    ),
    "water_lagged_peak": Kind(
        ("fct_water_peak_travel",),
        f"""
        with told as (
            select from_point_id, to_point_id, factor_code, upstream_observed_at, observed_at, lag_hours
            from fct_water_peak_travel where {_OWN.format("from_point_id")})
        select (select count(*) from planted p inner join told t using (from_point_id, to_point_id, factor_code,
                upstream_observed_at, observed_at) where t.lag_hours = p.lag_hours) as found,
               (select count(*) from told t where not exists (select 1 from planted p
                where p.from_point_id = t.from_point_id and p.to_point_id = t.to_point_id
                and p.upstream_observed_at = t.upstream_observed_at and p.observed_at = t.observed_at)) as falsely_found""",
        "the peak upstream met with the one downstream, with the lag that was planted, not only the registered travel time",
        (("from_point_id", "varchar"), ("to_point_id", "varchar"), ("upstream_observed_at", "timestamp"),
         ("lag_hours", "double")),
    ),
    "water_tributary_load": Kind(
        ("fct_water_load_day",),
        """
        with told as (select point_id, factor_code, date_day, load_kg from fct_water_load_day where load_kg is not null)
        select (select count(*) from planted p inner join told t using (point_id, factor_code, date_day)
                where abs(t.load_kg - p.value) < 0.001) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code and p.date_day = t.date_day
                and abs(t.load_kg - p.value) < 0.001)) as falsely_found""",
        "load of each day = sum of concentration × flow over its readings",
    ),
}  # fmt: skip
