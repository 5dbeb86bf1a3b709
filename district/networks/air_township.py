"""Township air stations whose operators hand in whole months as CSV: a station swap, dust days, a rank tie, one basis year-on-year.

Two months before the span are told, the last one and the same a year earlier, in which no other air station of the district
tells anything: so means, ranks and changes of these five towns are known from the bytes sent. Invariant: truth is worked out
here from the values as sent, in fractions, by the register's dates.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction

import numpy as np

from district.names import TOWNS, stream
from district.networks import Base, Feed, point
from district.networks._air_township_kinds import KINDS as KINDS
from district.plan import Row

SOURCE = "air_township_csv"
PARTICLES = ("O3", "PM10", "PM2.5")
SIX = ("SO2", "NO2", "CO", "O3", "PM10", "PM2.5", "气温")
STEADY = {"SO2": 8.0, "NO2": 30.0, "CO": 0.8, "O3": 60.0, "气温": 12.0}
DUST = (4, 5)  # days of the later month, counted from 0: PM10 420, PM2.5 90
PARTED = {
    "this": (9, 12, 20),
    "last": (11,),
}  # days that only the standard of 2012 calls good: PM2.5 66, PM10 85
SWAP = 15  # first day of the new station; it runs beside the old one from day 9, the old one on to day 19
NEEDED = 20  # hours of a valid day (GB 3095 table 4)


@dataclass
class Month:
    """name: this or last; a calendar month of the feed."""

    name: str
    first: date

    @property
    def days(self) -> int:
        return monthrange(self.first.year, self.first.month)[1]

    @property
    def label(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def after(self) -> date:
        return self.first + timedelta(days=self.days)

    def day(self, n: int) -> date:
        return self.first + timedelta(days=n)


@dataclass
class Station:
    """sent[(month, maturity, day)]: 24 hours of {item: text}; valid the same, as numbers that count (None: none)."""

    code: str
    items: tuple[str, ...]
    since: date
    until: date
    sent: dict[tuple[str, str, int], list[dict[str, str]]] = field(default_factory=dict)
    flags: dict[tuple[str, str, int, int], str] = field(default_factory=dict)
    valid: dict[tuple[str, str, int], list[dict[str, float | None]]] = field(default_factory=dict)

    def tell(self, month: str, maturity: str, day: int, pm25: float, pm10: float) -> None:
        """A day whose hours sway by one about the level, so that its mean is the level."""
        rows: list[dict[str, float | None]] = []
        for hour in range(24):
            sway = 1 if hour % 2 else -1
            level = {**STEADY, "PM2.5": pm25, "PM10": pm10}
            rows.append({i: round(level[i] + sway * (0.02 if i == "CO" else 1), 2) for i in self.items})
        self.valid[month, maturity, day] = rows
        self.sent[month, maturity, day] = [{i: f"{v:g}" for i, v in r.items()} for r in rows]

    def void(
        self, month: str, maturity: str, day: int, hour: int, item: str, text: str, flag: str = ""
    ) -> None:
        """An hour that does not count: below detection, or under a device mark (which voids the whole row)."""
        self.sent[month, maturity, day][hour][item] = text
        for i in self.items if flag else (item,):
            self.valid[month, maturity, day][hour][i] = None
        if flag:
            self.flags[month, maturity, day, hour] = flag

    def mean(self, month: str, maturity: str, day: int, item: str) -> Fraction | None:
        told = [
            Fraction(str(v)) for r in self.valid.get((month, maturity, day), []) if (v := r[item]) is not None
        ]
        return sum(told, Fraction(0)) / len(told) if len(told) >= NEEDED else None


@dataclass
class TownAir:
    """A town, its stations of this feed, and the maturity that each month is to be computed in."""

    town: int
    stations: list[Station]
    maturity: dict[str, str]

    def day(self, month: Month, n: int) -> Fraction | None:
        """Mean of the stations in force on the day."""
        when, kind = month.day(n), self.maturity[month.name]
        told = [s.mean(month.name, kind, n, "PM2.5") for s in self.stations if s.since <= when < s.until]
        known = [v for v in told if v is not None]
        return sum(known, Fraction(0)) / len(known) if known else None

    def mean(self, month: Month, without_dust: bool = False) -> Fraction:
        skip = DUST if without_dust and month.name == "this" else ()
        known = [v for n in range(month.days) if n not in skip and (v := self.day(month, n)) is not None]
        return sum(known, Fraction(0)) / len(known)


def _levels(rng: np.random.Generator, month: Month, mean: float, parted: bool) -> list[int]:
    """Whole daily PM2.5 levels whose mean over the month is `mean` to within half a day's unit."""
    fixed = dict.fromkeys(DUST, 90) if month.name == "this" else {}
    if parted:
        fixed |= dict.fromkeys(PARTED[month.name], 66)
    free = [n for n in range(month.days) if n not in fixed]
    rest = round(mean * month.days) - sum(fixed.values())
    base, extra = divmod(rest, len(free))
    levels = {n: base + (k < extra) for k, n in enumerate(free)}
    for one, two in zip(free[::2], free[1::2], strict=False):
        step = int(rng.integers(0, 7))
        levels[one] += step
        levels[two] -= step
    return [(levels | fixed)[n] for n in range(month.days)]


def _coarse(month: Month, n: int, pm25: int, parted: bool) -> int:
    if month.name == "this" and n in DUST:
        return 420
    return 85 if parted and n in PARTED[month.name] else pm25 + 20


def _towns(base: Base, months: list[Month]) -> list[TownAir]:
    rng = stream(base.d.seed, "air_township levels")
    chosen = [int(t) for t in rng.permutation(len(TOWNS))[:5]]
    last, this = months
    begin, end, swap = last.first, this.after, this.day(SWAP)
    reviewed = {"last": "reviewed", "this": "reviewed"}
    a = TownAir(chosen[0], [Station("SYNXA1", SIX, begin, end)], reviewed)
    b = TownAir(chosen[1], [Station("SYNXB1", SIX, begin, end)], reviewed)
    c = TownAir(
        chosen[2],
        [Station("SYNXC1", PARTICLES, begin, swap), Station("SYNXC2", PARTICLES, swap, end)],
        reviewed,
    )
    d = TownAir(
        chosen[3],
        [Station("SYNXD1", PARTICLES, begin, end), Station("SYNXD2", PARTICLES, this.first, end)],
        reviewed,
    )
    e = TownAir(
        chosen[4], [Station("SYNXE1", PARTICLES, begin, end)], {"last": "reviewed", "this": "preliminary"}
    )
    for town, station, means in (
        (a, 0, (35.2, 30.2)), (b, 0, (37.1, 30.4)), (c, 0, (36.8, 33.8)), (d, 0, (39.0, 34.0)), (d, 1, (0, 38.0)), (e, 0, (38.4, 31.1)),
    ):  # fmt: skip
        parted = town in (a, b)
        for month, mean in zip(months, means, strict=True):
            if not mean:
                continue
            for n, level in enumerate(_levels(rng, month, mean, parted)):
                coarse = _coarse(month, n, level, parted)
                if town is c:
                    _swapped(c, month, n, level, coarse)
                    continue
                kind = town.maturity[month.name]
                town.stations[station].tell(month.name, kind, n, level, coarse)
                if (
                    town is e and month.name == "this" and n < 10
                ):  # ten days were reviewed, and came out lower
                    town.stations[0].tell("this", "reviewed", n, level - 9, coarse - 9)
    a.stations[0].void("this", "reviewed", 2, 3, "PM2.5", "985", flag="M")
    a.stations[0].void("this", "reviewed", 3, 7, "SO2", "<3")
    b.stations[0].void("last", "reviewed", 8, 14, "PM2.5", "--")
    return [a, b, c, d, e]


def _swapped(c: TownAir, month: Month, n: int, level: int, coarse: int) -> None:
    """The old station until the swap; on trial the new one reads high, after its last day the old one drifts."""
    old, new = c.stations
    if month.name == "last" or n < SWAP:
        old.tell(month.name, "reviewed", n, level, coarse)
        if month.name == "this" and n >= 9:
            new.tell("this", "reviewed", n, level + 40, coarse + 40)
        return
    new.tell("this", "reviewed", n, level, coarse)
    if n < SWAP + 5:
        old.tell("this", "reviewed", n, level + 25, coarse + 25)


def _files(towns: list[TownAir], months: list[Month]) -> Iterator[tuple[str, bytes]]:
    """One GBK file per station and month; an hour is stamped by its start."""
    for station in (s for t in towns for s in t.stations):
        for month in months:
            lines = [",".join(("站点编码", "数据时间", "状态标识", "审核状态", *station.items))]
            for (name, kind, day), rows in station.sent.items():
                at = datetime.combine(month.first, time()) + timedelta(days=day)
                lines += [
                    ",".join((station.code, f"{at + timedelta(hours=h):%Y-%m-%d %H:%M}",
                              station.flags.get((name, kind, day, h), "N"), kind, *(r[i] for i in station.items)))
                    for h, r in enumerate(rows) if name == month.name
                ]  # fmt: skip
            if len(lines) > 1:
                yield (
                    f"air_township/{station.code}_{month.first:%Y%m}.csv",
                    "\r\n".join([*lines, ""]).encode("gbk"),
                )


def _registers(
    base: Base, towns: list[TownAir], months: list[Month]
) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of point_register, point_link and air_dust_day."""
    points = [
        point(base.d, s.code, f"合成乡镇空气站{s.code[-2:]}", "air", t.town, "township", valid_from=s.since, valid_to=s.until)
        for t in towns for s in t.stations
    ]  # fmt: skip
    old, new = towns[2].stations
    links: list[Row] = [
        {"link_kind": "replaces", "from_point_id": f"air:{new.code}", "to_point_id": f"air:{old.code}", "travel_hours": None,
         "distance_km": None, "position_no": None, "valid_from": new.since, "valid_to": None}
    ]  # fmt: skip
    this = months[1]
    dust: list[Row] = [
        {"register_year": str(this.first.year), "area_name": "柯桥区", "start_date": this.day(DUST[0]), "end_date": this.day(DUST[-1]),
         "input_body": "合成监测总站", "input_document": f"合成沙尘认定〔{this.first.year}〕1号"}
    ]  # fmt: skip
    return points, links, dust


def _ranks(towns: list[TownAir], month: Month) -> list[Row]:
    """Ranks by PM2.5 as printed (whole µg/m³, half to even); a town in another maturity than the most is not ranked."""
    printed = {t.town: round(t.mean(month)) for t in towns if t.maturity[month.name] == "reviewed"}
    return [
        {"subject_id": TOWNS[town].code, "period": month.label, "rank_no": 1 + sum(v < value for v in printed.values()),
         "is_tied": sum(v == value for v in printed.values()) > 1, "printed": float(value)}
        for town, value in printed.items()
    ]  # fmt: skip


def _good_share(month: Month, regime: str) -> Fraction:
    """Of a town with all six items: dust days are bad, and under the standard of 2026 the parted days are."""
    bad = (len(DUST) if month.name == "this" else 0) + (
        len(PARTED[month.name]) if regime == "regime_2026" else 0
    )
    return Fraction(100 * (month.days - bad), month.days)


def _changes(towns: list[TownAir], months: list[Month]) -> list[Row]:
    """Both sides on one basis; the change is withheld for the town with a new station and for the one in another maturity."""
    last, this = months
    rows: list[Row] = []
    for k, t in enumerate(towns):
        for basis in ("regime_2012", "regime_2026"):
            for suffix in ("", "_no_dust"):
                pairs = [("air_pm25_mean_ug_m3", t.mean(this, bool(suffix)), t.mean(last))]
                if k < 2:
                    pairs.append(
                        ("air_good_day_share_pct", _good_share(this, basis), _good_share(last, basis))
                    )
                rows += [
                    {"subject_id": TOWNS[t.town].code, "indicator_code": code, "period": this.label, "basis": basis + suffix,
                     "value": float(now), "last_year_value": float(before), "difference": float(now - before) if k < 3 else None}
                    for code, now, before in pairs
                ]  # fmt: skip
    return rows


def make(base: Base) -> Feed:
    """Files, points, the replacement, the register of dust days, and what follows from them."""
    end = base.d.first.replace(day=1)
    this = Month("this", (end - timedelta(days=1)).replace(day=1))
    last = Month("last", this.first.replace(year=this.first.year - 1))
    months = [last, this]
    towns = _towns(base, months)
    points, links, dust = _registers(base, towns, months)
    swapped = towns[2]
    swap_days = [
        {"subject_id": TOWNS[swapped.town].code, "air_date": this.day(n),
         "point_ids": f"air:{swapped.stations[n >= SWAP].code}", "pm25": float(v)}
        for n in range(this.days) if (v := swapped.day(this, n)) is not None
    ]  # fmt: skip
    dusty = [
        {"subject_id": TOWNS[t.town].code, "period": this.label, "value": float(t.mean(this)),
         "value_no_dust": float(t.mean(this, True)), "excluded": len(DUST)}
        for t in towns
    ]  # fmt: skip
    below = [
        {"source": SOURCE, "point_id": "air:SYNXA1", "factor_code": "SO2", "statistic": "mean",
         "observed_at": datetime.combine(this.day(3), time(8)), "detection_limit": 3.0}
    ]  # fmt: skip
    return Feed(
        points=points, links=links, registers={"air_dust_day": dust}, files=dict(_files(towns, months)),
        truth={"air_station_swap": swap_days, "air_dust_day": dusty, "air_rank_tie": [r for m in months for r in _ranks(towns, m)],
               "air_year_on_year": _changes(towns, months), "below_detection": below},
    )  # fmt: skip
