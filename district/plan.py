"""What stands in the synthetic district: points, enterprises with sites, permits, outlets and their limits.

Invariant: a pure function of (seed, first day, last day, scale); every table is a list of plain records whose keys
are the columns of the source that will carry it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from district.names import SECTIONS, SURNAMES, TOWNS, mn, phone, stream, uscc

Row = dict[str, Any]


@dataclass(frozen=True)
class AirPoint:
    code: str
    name: str
    town: int
    role: str


@dataclass(frozen=True)
class Section:
    code: str
    name: str
    town: int
    river: str
    kind: str  # river or lake
    role: str
    is_shared: bool
    is_auto: bool
    target: str


@dataclass(frozen=True)
class Limit:
    """One permit row: its figure holds in [start, end)."""

    factor: str
    statistic: str
    value: float | None
    low: float | None = None
    unit: str = "mg/m3"
    start: datetime = datetime(2020, 1, 1)
    end: datetime | None = None
    is_deleted: bool = False


@dataclass
class Outlet:
    """A discharge outlet. kind: boiler (oxygen converted), stenter (no conversion), water; channel: hj212, export, none."""

    outlet_id: str
    site_code: str
    code: str
    name: str
    medium: str
    kind: str
    mn: str | None
    channel: str
    permit_no: str
    uscc: str
    company: str
    reference_o2: float | None = None
    limits: list[Limit] = field(default_factory=list)

    def limit_at(self, factor: str, start: datetime) -> float | None:
        """The figure in force for a period beginning at `start`; None where none is."""
        for x in self.limits:
            is_asked = (
                x.factor == factor and x.statistic in ("hourly_mean", "daily_mean") and not x.is_deleted
            )
            if is_asked and x.start <= start and (x.end is None or start < x.end):
                return x.value
        return None


@dataclass
class District:
    seed: int
    first: date
    last: date
    scale: float
    air: list[AirPoint]
    sections: list[Section]
    enterprises: list[Row]
    outlets: list[Outlet]
    amended: dict[
        str, tuple[str, datetime, float, float]
    ]  # outlet_id → factor, midnight, old figure, new figure

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.first, time())

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def _air(scale: float) -> list[AirPoint]:
    points, n = [], 0
    for town in range(len(TOWNS)):
        for _ in range(max(1, round(scale))):
            n += 1
            points.append(AirPoint(f"SYNA{n:03d}", f"合成空气站{n:02d}", town, "evaluation"))
    for k in range(max(1, round(6 * scale))):
        town = (k * 3 + 4) % len(TOWNS)
        points.append(AirPoint(f"SYNT{k + 1:03d}", f"合成镇街空气站{k + 1:02d}", town, "township"))
    return points


def _sections(scale: float) -> list[Section]:
    sections = []
    for n in range(max(8, round(28 * scale))):
        river, kind, town, role, shared = SECTIONS[n % len(SECTIONS)]
        target = "Ⅱ" if TOWNS[town].quality < 2.2 else "Ⅲ"
        sections.append(
            Section(
                f"SYNW{n + 1:03d}", f"合成断面{n + 1:02d}", town, river, kind, role, shared,
                is_auto=n % 7 in (0, 2, 5), target=target,
            )
        )  # fmt: skip
    return sections


def _boiler_limits(level: int) -> list[Limit]:
    dust, so2, nox = ((20.0, 50.0, 150.0), (10.0, 35.0, 50.0), (5.0, 35.0, 50.0))[level % 3]
    return [
        Limit("a34013", "hourly_mean", dust),
        Limit("a21026", "hourly_mean", so2),
        Limit("a21002", "hourly_mean", nox),
        Limit("a21002", "annual_tonnes", 500.0, unit="t"),
    ]


def _water_limits(level: int) -> list[Limit]:
    cod, ammonia, tn, tp = ((200.0, 20.0, 30.0, 1.5), (80.0, 10.0, 15.0, 0.5))[level % 2]
    return [
        Limit("w01018", "daily_mean", cod, unit="mg/L"),
        Limit("w21003", "daily_mean", ammonia, unit="mg/L"),
        Limit("w21001", "daily_mean", tn, unit="mg/L"),
        Limit("w21011", "daily_mean", tp, unit="mg/L"),
        Limit("w01001", "range", 9.0, 6.0, unit="无量纲"),
        Limit("w01018", "annual_tonnes", 2000.0, unit="t"),
    ]


def _enterprises(seed: int, scale: float) -> list[Row]:
    rng = stream(seed, "enterprises")
    rows: list[Row] = []
    for n in range(1, max(10, round(30 * scale)) + 1):
        sites = 3 if n == 1 else 2 if n in (6, 9) else 1
        home = int(rng.integers(len(TOWNS)))
        for k in range(sites):
            town = TOWNS[(home + 5 * k) % len(TOWNS)]
            rows.append(
                {
                    "uscc": uscc(n),
                    "enterprise_name": f"合成印染{n:03d}（演示）有限公司",
                    "site_code": f"SYNS{n:03d}{chr(65 + k)}",
                    "site_name": f"演示厂区{'一二三'[k]}",
                    "town_code": town.code,
                    "longitude": round(town.lon + float(rng.normal(0, 0.01)), 6),
                    "latitude": round(town.lat + float(rng.normal(0, 0.01)), 6),
                    "industry_code": "C1713",
                    "industry_name": "棉印染精加工",
                    "management_level": "重点" if n % 3 else "简化",
                    "legal_person": f"演示{SURNAMES[n % len(SURNAMES)]}某",
                    "phone": phone(n * 97),
                }
            )
    return rows


def _outlets(seed: int, scale: float, enterprises: list[Row]) -> list[Outlet]:
    outlets: list[Outlet] = []
    wanted = max(8, round(24 * scale))
    # a dyeing site has a boiler or a stenter stack, and a waste-water outlet; monitored ones come first
    for k, e in enumerate(enterprises):
        permit = f"{e['uscc']}{ord(e['site_code'][-1]) - 64:03d}P"
        for water in (False, True):
            n = len(outlets) + 1
            watched = n <= wanted
            single = sum(x["uscc"] == e["uscc"] for x in enterprises) == 1
            kind = "water" if water else "stenter" if k % 3 == 2 else "boiler"
            code = "DW001" if water else "DA001"
            label = {"water": "废水总排口", "boiler": "锅炉废气排口", "stenter": "定型机废气排口"}[kind]
            # the platform's workbooks name a firm and an outlet, no site: only firms with one site are exported
            exported = single and kind == "boiler" and k % 4 == 3
            channel = "none" if not watched else "export" if exported else "hj212"
            outlet = Outlet(
                f"{e['site_code']}:{code}", e["site_code"], code, label, "wastewater" if water else "gas", kind,
                mn(seed, n) if channel == "hj212" else None, channel, permit, e["uscc"], e["enterprise_name"],
            )  # fmt: skip
            if kind == "boiler":
                outlet.reference_o2 = 3.5 if k % 2 else 9.0
                outlet.limits = _boiler_limits(k)
            elif kind == "stenter":
                outlet.limits = [Limit("a34013", "hourly_mean", 15.0)]
            else:
                outlet.limits = _water_limits(k)
            outlets.append(outlet)
    return outlets


def _amend(d: District) -> None:
    """Three permits change at a midnight within the span: two are tightened, one is loosened."""
    monitored = [o for o in d.outlets if o.channel == "hj212"]
    gas = [o for o in monitored if o.kind == "boiler"]
    water = [o for o in monitored if o.kind == "water"]
    midnight = d.begin + timedelta(days=max(2, d.days // 2))
    chosen = [(gas[0], "a21002", 0.6)]
    if len(gas) > 1:
        chosen.append((gas[1], "a21026", 1.5))
    if water:
        chosen.append((water[0], "w01018", 0.6))
    for n, (outlet, factor, ratio) in enumerate(chosen):
        when = midnight + timedelta(days=n)
        for i, limit in enumerate(outlet.limits):
            if limit.factor == factor and limit.statistic in ("hourly_mean", "daily_mean"):
                old = float(limit.value or 0)
                new = round(old * ratio, 1)
                outlet.limits[i] = Limit(factor, limit.statistic, old, unit=limit.unit, end=when)
                outlet.limits.append(Limit(factor, limit.statistic, new, unit=limit.unit, start=when))
                d.amended[outlet.outlet_id] = (factor, when, old, new)
                break
    # a far too strict figure, entered by mistake and marked as deleted: whoever ignores the mark finds false excess
    for outlet in monitored[-2:]:
        limit = outlet.limits[0]
        outlet.limits.append(
            Limit(limit.factor, limit.statistic, round(float(limit.value or 0) * 0.05, 2), unit=limit.unit,
                  start=d.begin + timedelta(days=1), is_deleted=True)
        )  # fmt: skip


def make_district(seed: int, first: date, last: date, scale: float) -> District:
    """The district of a seed over [first, last] (both days included)."""
    enterprises = _enterprises(seed, scale)
    d = District(seed, first, last, scale, _air(scale), _sections(scale), enterprises,
                 _outlets(seed, scale, enterprises), {})  # fmt: skip
    _amend(d)
    return d


def point_rows(d: District) -> list[Row]:
    """Rows of `point_register`: every air station and every section."""
    rng = stream(d.seed, "points")
    start = min(date(2020, 1, 1), d.first)
    rows: list[Row] = []

    def add(code: str, name: str, medium: str, town: int, **more: Any) -> None:
        t = TOWNS[town]
        rows.append(
            {
                "point_code": code, "name_zh": name, "medium": medium, "town_code": t.code,
                "longitude": round(t.lon + float(rng.normal(0, 0.008)), 6),
                "latitude": round(t.lat + float(rng.normal(0, 0.008)), 6),
                "role": None, "water_body_type": None, "water_body_name": None, "target_class": None, "zone_code": None, "park_code": None,
                "section_name": None, "is_shared": False, "valid_from": start, "valid_to": None, **more,
            }
        )  # fmt: skip

    for p in d.air:
        add(p.code, p.name, "air", p.town, role=p.role)
    for s in d.sections:
        add(
            s.code, f"{s.name}（{s.river}）", "surface_water", s.town, role=s.role, water_body_type=s.kind,
            water_body_name=s.river, target_class=s.target, section_name=s.name, is_shared=s.is_shared,
        )  # fmt: skip
    return rows


def link_rows(d: District) -> list[Row]:
    """Rows of `point_link`: the sections of one river, each with the next one upstream of it."""
    rivers: dict[str, list[Section]] = {}
    for s in d.sections:
        if s.kind == "river":
            rivers.setdefault(s.river, []).append(s)
    return [
        {"link_kind": "upstream", "from_point_id": f"water:{below.code}", "to_point_id": f"water:{above.code}",
         "travel_hours": 8.0, "distance_km": 6.0, "position_no": n + 1, "valid_from": min(date(2020, 1, 1), d.first),
         "valid_to": None}
        for river in rivers.values() for n, (above, below) in enumerate(pairwise(river))
    ]  # fmt: skip


def permit_rows(d: District) -> list[Row]:
    """Rows of `permit_register` as the platform holds them now; `changed_at` is when each row last changed."""
    rows: list[Row] = []
    imported = d.begin + timedelta(minutes=5)
    for n, o in enumerate(d.outlets):
        for limit in o.limits:
            changed = imported + timedelta(seconds=n)
            edge = limit.end or (limit.start if limit.start > d.begin else None)
            if edge is not None:
                changed = max(imported, edge - timedelta(days=1, hours=14))
            if limit.is_deleted:
                changed = limit.start + timedelta(hours=3)
            boiler = o.reference_o2 is not None and limit.statistic == "hourly_mean"
            rows.append(
                {
                    "permit_no": o.permit_no, "uscc": o.uscc, "site_code": o.site_code,
                    "issued_date": date(2023, 3, 1), "expiry_date": date(2028, 2, 29), "outlet_code": o.code,
                    "outlet_name": o.name, "medium": o.medium, "mn": o.mn, "factor_code": limit.factor,
                    "compliance_statistic": limit.statistic, "limit_value": limit.value, "limit_low": limit.low,
                    "limit_unit": limit.unit, "conversion": "reference_oxygen" if boiler else "none",
                    "reference_oxygen_pct": o.reference_o2 if boiler else None,
                    "exempt_states": "F|C|M" if limit.statistic in ("hourly_mean", "daily_mean") else None,
                    "effective_from": limit.start, "effective_to": limit.end, "changed_at": changed,
                    "is_deleted": limit.is_deleted,
                }
            )  # fmt: skip
    return rows
