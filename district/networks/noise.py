"""Noise: functional-zone stations (hourly levels, rain, wind), 1-second files, permits for night work, complaints.

Arrays are [station, hour]; hour h of the network is (begin + h, begin + h + 1]. The network is young: at most the last 60 days of
the span are sent. What is planted: a zone that changes, days and nights whose energy mean exceeds while the arithmetic mean does
not, rain and wind, nights in a row, an hour whose station averages decibels arithmetically, complaints inside and outside
permitted windows. Traps: preliminary values beside reviewed ones, hours under device marks, a night with too few hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from district.names import TOWNS, stream
from district.networks import Base, Feed, Order, point
from district.networks._noise_kinds import KINDS
from district.plan import District, Row

__all__ = ["KINDS", "make"]

ACTIVE_DAYS = 60
LIMITS = {"1": (55.0, 45.0), "2": (60.0, 50.0), "3": (65.0, 55.0), "4a": (70.0, 55.0), "4b": (70.0, 60.0)}
ZONES = ("2", "2", "3", "1", "4a", "2", "4b", "3")
MIN_HOURS = {"day": 12, "night": 6}  # the illustrative rule under which releases are examined
HOUR = timedelta(hours=1)


@dataclass
class Net:
    """The stations' series as sent, and where they are not simply sent."""

    d: District
    begin: datetime
    days: int
    codes: list[str]
    leq: np.ndarray
    rain: np.ndarray
    wind: np.ndarray
    flags: np.ndarray
    changed_on: date | None = None  # from this day station 0 stands in zone 1
    preliminary: dict[tuple[int, int], float] = field(
        default_factory=dict
    )  # hours told twice, the first time wrong

    def zone(self, j: int, day: date) -> str:
        """The zone in which a station stands on a day."""
        return "1" if j == 0 and self.changed_on and day >= self.changed_on else ZONES[j]

    def hours(self, k: int, kind: str) -> range:
        """Hours of the day or night that belongs to day k."""
        return range(24 * k + 6, 24 * k + 22) if kind == "day" else range(24 * k + 22, 24 * k + 30)


def _background(d: District) -> Net:
    rng = stream(d.seed, "noise background")
    n = 4 + min(4, int(4 * d.scale))
    days = min(d.days, ACTIVE_DAYS)
    begin = d.begin + timedelta(days=d.days - days)
    hour = np.arange(days * 24) % 24
    is_day = (hour >= 6) & (hour < 22)
    limits = np.array([[LIMITS[z][0] for z in ZONES[:n]], [LIMITS[z][1] for z in ZONES[:n]]])
    level = np.where(is_day[None, :], limits[0][:, None], limits[1][:, None]) - 7.0
    leq = np.round(level + np.clip(rng.normal(0, 0.9, (n, days * 24)), -2.0, 2.0), 1)
    wind = np.round(rng.uniform(0.4, 3.2, (n, days * 24)), 1)
    codes = [f"SYNZ{j + 1:02d}" for j in range(n)]
    return Net(
        d, begin, days, codes, leq, np.zeros((n, days * 24)), wind, np.full((n, days * 24), "N", dtype=object)
    )


def _plant(net: Net) -> None:
    """Everything that leaves the background, in days that do not touch one another within a station."""
    shift = int(stream(net.d.seed, "noise plant").integers(0, 3))
    rng = stream(net.d.seed, "noise planted levels")

    def put(j: int, k: int, kind: str, levels: list[float]) -> None:
        for h, v in zip(net.hours(k, kind), levels, strict=True):
            net.leq[j, h] = round(v + float(rng.uniform(-0.3, 0.3)), 1)

    c = net.days // 2 + shift
    net.changed_on = (net.begin + timedelta(days=c)).date()
    quiet = np.arange(net.days * 24) >= 24 * (c + 4) + 6  # the street has been rebuilt for its new zone
    net.leq[0] = np.where(quiet, np.round(net.leq[0] - 5.0, 1), net.leq[0])
    for k in range(c - 4, c + 4):  # the same level is below the limit of zone 2 and above that of zone 1
        put(0, k, "day", [57.5] * 16)
        put(0, k, "night", [47.5] * 8)
    for k in (3, 9, 17):  # loud for 3 of 16 hours: arithmetic mean 53.6, energy mean 62
        put(1, k + shift, "day", [50.0] * 8 + [69.0] * 3 + [50.0] * 5)
    for k in (5, 12):
        put(1, k + shift, "night", [42.0] * 3 + [60.0] + [42.0] * 4)
    for k, hours in ((4, (9, 10, 11)), (10, (14, 15)), (13, (23, 24))):
        for h in hours:  # rain on the roof is louder than the street
            at = 24 * (k + shift) + h
            net.leq[2, at], net.rain[2, at] = 88.4, round(float(rng.uniform(1.2, 6.0)), 1)
    for h in (10, 11):
        at = 24 * (15 + shift) + h
        net.leq[2, at], net.wind[2, at] = 86.2, round(float(rng.uniform(6.5, 9.0)), 1)
    for h in net.hours(7 + shift, "night"):  # told wrong at first, right after review
        net.preliminary[2, h] = round(float(net.leq[2, h]) + 16.0, 1)
    for h in list(net.hours(19 + shift, "day"))[2:5]:  # under a device mark
        net.leq[2, h], net.flags[2, h] = 109.5, "D"
    for h in list(net.hours(17 + shift, "night"))[3:]:  # too few hours left
        net.leq[2, h], net.flags[2, h] = np.nan, "B"
    for k in (6, 7, 8, 9, 14, 15):  # four nights in a row, and two
        put(3, k + shift, "night", [48.6] * 8)


def _seconds(net: Net, feed: Feed) -> None:
    """Two hours of 1-second levels of station 0; in the second the station averages decibels arithmetically."""
    rng = stream(net.d.seed, "noise seconds")
    lines = ["站点编码,时间,瞬时等效声级"]
    for n, h in enumerate((24 + 9, 24 + 10)):
        base = float(net.leq[0, h])
        value = np.round(
            np.where(np.arange(3600) % 6 == 0, base + 6.0, base - 3.0) + rng.uniform(-0.4, 0.4, 3600), 1
        )
        energy = 10 * float(np.log10(np.mean(10 ** (value / 10))))
        net.leq[0, h] = round(float(value.mean()) if n else energy, 1)
        start = net.begin + h * HOUR
        lines += [
            f"{net.codes[0]},{start + timedelta(seconds=s + 1):%Y-%m-%d %H:%M:%S},{v:.1f}"
            for s, v in enumerate(value.tolist())
        ]
        feed.truth.setdefault("noise_second_hour", []).append(
            {"point_id": f"noise:{net.codes[0]}", "observed_at": start + HOUR, "leq_db": energy, "is_consistent": n == 0}
        )  # fmt: skip
    name = f"noise_1s/{net.codes[0]}_{net.begin + timedelta(days=1):%Y%m%d}.csv"
    feed.files[name] = ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def _records(net: Net) -> Iterator[tuple[str, list[Row]]]:
    rng = stream(net.d.seed, "noise spread")
    spread = np.round(rng.uniform(0.5, 1.5, (*net.leq.shape, 4)), 1)
    for k in range(net.days):
        day = net.begin + timedelta(days=k)
        state = "reviewed" if k < net.days - 3 else "preliminary"
        records: list[Row] = []
        for h in range(24 * k, 24 * k + 24):
            for j, code in enumerate(net.codes):
                records.append(_record(net, j, h, code, state, float(net.leq[j, h]), spread[j, h].tolist()))
                if (wrong := net.preliminary.get((j, h))) is not None:
                    records.append(_record(net, j, h, code, "preliminary", wrong, spread[j, h].tolist()))
        yield f"{day:%Y-%m-%d}", records


def _record(net: Net, j: int, h: int, code: str, state: str, leq: float, spread: list[float]) -> Row:
    """One station hour; a dead instrument tells blanks."""
    told: dict[str, Any] = {
        "stationCode": code,
        "dataTime": f"{net.begin + (h + 1) * HOUR:%Y-%m-%d %H:%M:%S}",
        "auditState": state,
    }
    flag = str(net.flags[j, h])
    dead = bool(np.isnan(leq))
    levels = {
        "Leq": leq,
        "Lmax": leq + 7 + spread[0],
        "L10": leq + 2 + spread[1],
        "L50": leq - 1 - spread[2],
        "L90": leq - 4 - spread[3],
    }
    for item, v in levels.items():
        told[item] = None if dead else round(v, 1)
        told[f"{item}_flag"] = flag
    return {
        **told,
        "rain": float(net.rain[j, h]),
        "rain_flag": "N",
        "wind": float(net.wind[j, h]),
        "wind_flag": "N",
    }


def _judge(net: Net, feed: Feed) -> None:
    """Truth of every day and night from the values as sent: energy means of valid hours against the zone's limit."""
    exceeded: dict[int, list[date]] = {}
    for j, code in enumerate(net.codes):
        for k in range(-1, net.days):
            day = (net.begin + timedelta(days=k)).date()
            for n, kind in enumerate(("day", "night")):
                at = [h for h in net.hours(k, kind) if 0 <= h < net.days * 24]
                valid = [
                    float(net.leq[j, h]) for h in at
                    if net.flags[j, h] == "N" and net.rain[j, h] == 0 and net.wind[j, h] <= 5
                ]  # fmt: skip
                limit = LIMITS[net.zone(j, day)][n]
                if len(valid) < MIN_HOURS[kind]:
                    continue
                level = round(10 * float(np.log10(np.mean(10 ** (np.array(valid) / 10)))), 1)
                row: Row = {
                    "point_id": f"noise:{code}",
                    "noise_date": day,
                    "period_kind": kind,
                    "leq_db": level,
                }
                if level > limit:
                    feed.truth.setdefault("noise_exceedance", []).append(row)
                    if float(np.mean(valid)) <= limit:
                        feed.truth.setdefault("noise_energy_mean", []).append(row)
                    if kind == "night":
                        exceeded.setdefault(j, []).append(day)
                if j == 0 and net.changed_on and abs((day - net.changed_on).days) <= 3:
                    feed.truth.setdefault("noise_zone_change", []).append(
                        {**row, "zone_code": net.zone(j, day), "limit_db": limit, "is_compliant": level <= limit}
                    )  # fmt: skip
    for j, days in exceeded.items():
        for first in (x for x in days if x - timedelta(days=1) not in days):
            run = next(n for n in range(1, len(days) + 1) if first + timedelta(days=n) not in days)
            if run >= 3:
                start = datetime.combine(first, datetime.min.time()) + 22 * HOUR
                feed.truth.setdefault("noise_night_run", []).append(
                    {"point_id": f"noise:{net.codes[j]}", "started_at": start, "ended_at": start + timedelta(days=run) - 16 * HOUR}
                )  # fmt: skip
    for j, h in zip(*np.nonzero((net.rain > 0) | (net.wind > 5)), strict=True):
        feed.truth.setdefault("noise_weather_hour", []).append(
            {"point_id": f"noise:{net.codes[j]}", "observed_at": net.begin + (int(h) + 1) * HOUR}
        )


def _complaints(d: District, feed: Feed) -> None:
    """Permits for night work, and complaints inside and outside their windows; a group every 90 days."""
    permits = feed.database.setdefault("construction_night_permit", [])
    old = d.begin - timedelta(days=400)
    permits.append(_permit(0, "演示夜间工地（旧）", 0, old + 22 * HOUR, revoked=old + 12 * HOUR))
    for g in range(max(1, d.days // 90) if d.days >= 45 else 0):
        base = d.begin + timedelta(days=90 * g + int(stream(d.seed, f"noise complaints {g}").integers(1, 4)))
        # a month of which the group's 40 days hold at least a week after its first day
        busy = next(
            x
            for x in (base + timedelta(days=k) for k in range(40))
            if (x + timedelta(days=7)).month == x.month
        )
        # site, day of its permitted night, hours after that day's midnight of complaints, revoked
        plan = (
            (0, base + timedelta(days=2), (23.5, 71.5), False),
            (1, base + timedelta(days=5), (23.25,), True),
            (3, busy, (23.5, 47.5, 95.5, 143.5), False),
            (4, base + timedelta(days=8), (22.0, 30.0), False),
        )
        for s, night, hours, is_revoked in plan:
            town, name = (5 * s + 3 + g) % len(TOWNS), f"演示夜间工地N{10 * g + s:02d}"
            number = 10 * g + s + 1
            permits.append(
                _permit(number, name, town, night + 22 * HOUR, night + 12 * HOUR if is_revoked else None)
            )
            for n, x in enumerate(hours):
                check = "outside_window" if n else "revoked" if is_revoked else "in_window"
                _order(feed, f"noise {g} {s} {n}", night + x * HOUR, town, name, check, number)
            if len(hours) > 3:
                feed.truth.setdefault("noise_hotspot", []).append(
                    {"town_code": TOWNS[town].code, "site_name": name, "month": busy.date().replace(day=1)}
                )
        # a site without a permit, and one that has the name of a permitted site in another town
        _order(
            feed,
            f"noise {g} none",
            base + timedelta(days=11, hours=23),
            (g + 9) % 16,
            f"演示夜间工地N{10 * g + 2:02d}",
            "no_permit",
        )
        _order(
            feed,
            f"noise {g} name",
            base + timedelta(days=2, hours=23),
            (g + 11) % 16,
            f"演示夜间工地N{10 * g:02d}",
            "no_permit",
        )


def _permit(n: int, name: str, town: int, start: datetime, revoked: datetime | None) -> Row:
    return {"permit_no": f"SYN-YJ-{n:04d}", "site_name": name, "town_code": TOWNS[town].code, "issued_date": start.date() - timedelta(days=3),
            "window_from": start, "window_to": start + 8 * HOUR, "revoked_at": revoked}  # fmt: skip


def _order(
    feed: Feed, ref: str, at: datetime, town: int, name: str, check: str, number: int | None = None
) -> None:
    feed.orders.append(Order(ref, at, town, name, "噪声"))
    held = f"SYN-YJ-{number:04d}" if number is not None and check in ("in_window", "revoked") else None
    feed.truth.setdefault("noise_permit_check", []).append(
        {"case_ref": ref, "permit_check": check, "permit_no": held}
    )


def make(base: Base) -> Feed:
    """The network's feed; planted where the span has 30 days or more."""
    d = base.d
    net, feed = _background(d), Feed()
    if net.days >= 30:
        _plant(net)
    _seconds(net, feed)
    _judge(net, feed)
    for j, code in enumerate(net.codes):
        town, name = (3 * j + 1) % len(TOWNS), f"合成声功能区站{j + 1:02d}"
        row = point(d, code, name, "noise", town, "functional_zone", zone_code=ZONES[j])
        if j == 0 and net.changed_on:
            feed.points += [
                {**row, "valid_to": net.changed_on},
                {**row, "zone_code": "1", "valid_from": net.changed_on},
            ]
        else:
            feed.points.append(row)
    feed.platform["noise_hourly"] = _records(net)
    _complaints(d, feed)
    return feed
