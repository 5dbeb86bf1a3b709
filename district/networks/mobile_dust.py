"""Construction sites: dust monitors beside a background point, spray, cameras.

Planted: local peaks, sprays that work and one that does not, a camera long offline. Traps: a regional dust day on which site
and background rise together, a short outage, marks of calibration on a peak, below-detection forms.
"""

from __future__ import annotations

from datetime import date, timedelta

from district.names import SURNAMES, TOWNS, phone, stream
from district.networks import Base, Feed, point, start_of
from district.plan import District, Row
from district.truth_kind import Kind

_BACKGROUND = "SYNDB1"
_INTERVALS = 36  # five-minute values from 8:00 to 11:00
_PEAK = {"TSP": 0.6, "PM10": 0.35}  # mg/m³ above the background, far over the seeded 0.3 and 0.2

KINDS: dict[str, Kind] = {
    "dust_peak": Kind(
        ("fct_dust_day",),
        """
        with told as (select point_id, factor_code, date_day, peak_excess_ug_m3 from fct_dust_day where is_peak)
        select (select count(*) from planted p where exists (
                    select 1 from told t where t.point_id = p.point_id and t.factor_code = p.factor_code
                    and t.date_day = p.date_day and abs(t.peak_excess_ug_m3 - p.value) < 0.0006)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where t.point_id = p.point_id and t.factor_code = p.factor_code
                    and t.date_day = p.date_day)) as falsely_found""",
        "fct_dust_day.is_peak with the greatest site minus background of the day",
    ),
    "dust_camera_offline": Kind(
        ("fct_camera_outage",),
        """
        with told as (select equipment_code, started_at from fct_camera_outage where is_over_limit)
        select (select count(*) from planted p inner join told t using (equipment_code, started_at)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.equipment_code = t.equipment_code and p.started_at = t.started_at))
                   as falsely_found""",
        "fct_camera_outage.is_over_limit",
        (("equipment_code", "varchar"), ("started_at", "timestamp")),
    ),
    "dust_spray_response": Kind(
        ("fct_spray_response",),
        """
        with told as (select equipment_code, started_at, is_effective from fct_spray_response where factor_code = 'TSP')
        select count(*) filter (where t.is_effective = p.is_effective) as found,
               count(*) filter (where t.is_effective is distinct from p.is_effective)
                   + (select count(*) from told t where not exists (
                        select 1 from planted p where p.equipment_code = t.equipment_code and p.started_at = t.started_at))
                   as falsely_found
        from planted p inner join told t using (equipment_code, started_at)""",
        "fct_spray_response: effective or not, on both sides",
        (("equipment_code", "varchar"), ("started_at", "timestamp"), ("is_effective", "boolean")),
    ),
}  # fmt: skip


def _sites(d: District) -> int:
    return max(4, round(5 * d.scale))


def _code(n: int) -> str:
    return f"SYND{n + 1:02d}"


def _day(d: District, day: int, active: int, truth: dict[str, list[Row]]) -> list[Row]:
    """Records of one active day; values are mg/m³ with three decimals."""
    rng = stream(d.seed, f"mobile_dust {day}")
    regional = active == 3
    base = 0.9 if regional else 0.08
    records: list[Row] = []
    best: dict[tuple[str, str], float] = {}
    for k in range(_INTERVALS):
        at = d.begin + timedelta(days=day, hours=8, minutes=5 * (k + 1))
        back = {
            f: round((base + float(rng.uniform(-0.01, 0.01))) * s, 3)
            for f, s in (("TSP", 1.0), ("PM10", 0.55))
        }
        wind = {"windSpeed": f"{rng.uniform(0.5, 3):.1f}", "windDirection": f"{rng.uniform(0, 360):.0f}"}
        for n in range(-1, _sites(d)):
            values = dict(back)
            flag = "N"
            if n >= 0:
                for f in values:
                    extra = 0.05 + float(rng.uniform(-0.005, 0.005))
                    if n == 0 and active % 4 == 1 and 20 <= k < 23:
                        extra += _PEAK[f]
                    if n == 3 and active % 4 == 1 and k == 12:
                        extra, flag = 2.0, "C"  # a calibration is no peak
                    if n in (1, 2) and active % 4 == 2 and k >= 6 and (n == 2 or k <= 12):
                        extra += 0.1  # stays clear of the seeded peak
                    values[f] = round(values[f] + extra, 3)
                    key = (_code(n), f)
                    if flag == "N":
                        best[key] = max(best.get(key, 0.0), round((values[f] - back[f]) * 1000, 3))
            sent: Row = {f: f"{v:.3f}" for f, v in values.items()} | wind
            if n == 1 and k == 30:
                sent["PM10"] = "<0.001"
            records.append({"pointCode": _BACKGROUND if n < 0 else _code(n), "dataTime": f"{at:%Y-%m-%d %H:%M:%S}", **sent,
                            **{f"{f}_flag": flag for f in ("TSP", "PM10")}})  # fmt: skip
    date_day = (d.begin + timedelta(days=day)).date()
    if active % 4 == 1 and not regional:
        for f in _PEAK:
            truth["dust_peak"].append({"point_id": f"dust:{_code(0)}", "factor_code": f, "date_day": date_day,
                                       "value": best[(_code(0), f)]})  # fmt: skip
    truth["below_detection"] += [
        {"source": "dust_site_5min", "point_id": f"dust:{_code(1)}", "factor_code": "PM10", "statistic": "mean",
         "observed_at": d.begin + timedelta(days=day, hours=8, minutes=5 * 31), "sent": "<0.001", "detection_limit": 1.0}
    ]  # fmt: skip
    return records


def _equipment(d: District, truth: dict[str, list[Row]]) -> dict[int, list[Row]]:
    days: dict[int, list[Row]] = {day: [] for day in range(d.days)}
    is_long = d.days >= 20
    for n in range(_sites(d)):
        offline = {0: (6 * 24 + 10, 8 * 24 + 15), 1: (9 * 24 + 2, 9 * 24 + 5)}.get(n) if is_long else None
        camera = f"SYNV{n + 1:02d}"

        def report(hour: float, state: str, camera: str = camera) -> None:
            at = d.begin + timedelta(hours=hour)
            days[int(hour // 24)].append({"equipmentCode": camera, "equipmentKind": "camera",
                                          "dataTime": f"{at:%Y-%m-%d %H:%M:%S}", "state": state})  # fmt: skip

        for day in range(d.days):
            hour = day * 24 + 0.5
            report(hour, "offline" if offline and offline[0] <= hour < offline[1] else "online")
        if offline:
            report(offline[0], "offline")
            report(offline[1], "online")
            if n == 0:
                truth["dust_camera_offline"].append(
                    {"equipment_code": camera, "started_at": d.begin + timedelta(hours=offline[0])}
                )
    for day in range(0, d.days, 5):
        if day // 5 % 4 != 2:
            continue
        for n in (1, 2):
            at = d.begin + timedelta(days=day, hours=9)
            for state, when in (("on", at), ("off", at + timedelta(minutes=30))):
                days[day].append({"equipmentCode": f"SYNP{n + 1:02d}", "equipmentKind": "spray",
                                  "dataTime": f"{when:%Y-%m-%d %H:%M:%S}", "state": state})  # fmt: skip
            truth["dust_spray_response"].append(
                {"equipment_code": f"SYNP{n + 1:02d}", "started_at": at, "is_effective": n == 1}
            )
    return {
        k: sorted(v, key=lambda r: (str(r["dataTime"]), str(r["equipmentCode"]))) for k, v in days.items()
    }


def make(base: Base) -> Feed:
    """Register, five-minute values of every fifth day, and states of the equipment."""
    d = base.d
    truth: dict[str, list[Row]] = {k: [] for k in (*KINDS, "below_detection")}
    points = [point(d, _BACKGROUND, "合成扬尘对照点", "dust", 0, "background")]
    links, register, identifiers = [], [], []
    for n in range(_sites(d)):
        points.append(point(d, _code(n), f"合成扬尘点{n + 1:02d}", "dust", n * 3 % len(TOWNS), "site"))
        links.append({"link_kind": "background", "from_point_id": f"dust:{_code(n)}", "to_point_id": f"dust:{_BACKGROUND}",
                      "travel_hours": None, "distance_km": 3.0, "position_no": None, "valid_from": start_of(d),
                      "valid_to": None})  # fmt: skip
        name, number = f"演示{SURNAMES[n % len(SURNAMES)]}专管", phone(771000 + n)
        register.append({
            "dust_site_code": f"SYNG{n + 1:02d}", "name_zh": f"合成工地{n + 1:02d}（演示）", "town_name": TOWNS[n * 3 % len(TOWNS)].name,
            "construction_stage": ("土方", "基础", "主体", "装修")[n % 4], "site_area_m2": 12000.0 + 500 * n,
            "started_date": min(date(2025, 3, 1), d.first), "finished_date": None, "point_code": _code(n),
            "spray_code": f"SYNP{n + 1:02d}", "camera_code": f"SYNV{n + 1:02d}", "contact_name": name, "contact_phone": number,
            "register_year": f"{d.first:%Y}",
        })  # fmt: skip
        identifiers += [{"kind": "name", "identifier": name}, {"kind": "phone", "identifier": number}]
    dust = [
        (f"{d.begin + timedelta(days=day):%Y-%m-%d}", _day(d, day, day // 5, truth))
        for day in range(0, d.days, 5)
    ]
    states = [(f"{d.begin + timedelta(days=k):%Y-%m-%d}", rows) for k, rows in _equipment(d, truth).items()]
    return Feed(
        points=points, links=links, registers={"dust_site_register": register},
        platform={"dust_site": dust, "dust_equipment": states}, truth=truth, identifiers=identifiers,
    )  # fmt: skip
