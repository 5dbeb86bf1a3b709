"""Hourly air of the synthetic district: six correlated pollutants, their flags, what is planted in them.

Arrays are [hour, point]; hour h of the span is the mean that ENDS h+1 hours after the first midnight. Invariant: apart
from the planted days no day's level differs between the two regimes (see `_calm`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from district.names import TOWNS, stream
from district.plan import District, Row
from district.vectors import CHANGED, FACTORS, STEADY, AirDay

NEW_STANDARD = date(2026, 3, 1)


@dataclass
class AirSeries:
    """values[factor]: rounded values as sent, NaN where none; flags[factor]: N or an HJ 212 flag."""

    values: dict[str, np.ndarray]
    flags: dict[str, np.ndarray]
    first_values: dict[str, np.ndarray] = field(default_factory=dict)  # what stood before a late correction
    truth: dict[str, list[Row]] = field(default_factory=dict)
    late_days: set[int] = field(default_factory=set)
    resent_days: set[int] = field(default_factory=set)


def _ar1(rng: np.random.Generator, n: int, width: int, memory: float) -> np.ndarray:
    """Stationary AR(1) noise of unit variance, [n, width]."""
    shock = rng.standard_normal((n, width)) * np.sqrt(1 - memory**2)
    out = np.empty((n, width))
    level = rng.standard_normal(width)
    for i in range(n):
        level = memory * level + shock[i]
        out[i] = level
    return out


def background(d: District, dirt: np.ndarray, name: str = "air") -> dict[str, np.ndarray]:
    """Six pollutants over the span for points with the given dirt factors; float arrays [hours, points], unrounded."""
    rng = stream(d.seed, name)
    points, hours = len(dirt), d.days * 24
    h = np.arange(hours)
    hour = (h % 24)[:, None]
    day_of_year = (d.begin.timetuple().tm_yday - 1 + h / 24)[:, None]
    season = np.cos(2 * np.pi * (day_of_year - 15) / 365.25)  # 1 in mid January, -1 in mid July
    weather_day = _ar1(rng, d.days, 2, 0.62)
    weather = np.repeat(weather_day, 24, axis=0)
    stagnation, sun = weather[:, :1], weather[:, 1:]
    local = np.repeat(_ar1(rng, d.days, points, 0.35), 24, axis=0)
    wiggle = _ar1(rng, hours, points, 0.75).astype(np.float32)
    rush = np.exp(-((hour - 8) ** 2) / 6) + 1.1 * np.exp(-((hour - 19) ** 2) / 9)
    noon = np.clip(np.sin(np.pi * (hour - 7) / 15), 0, None)

    pm25 = (
        26
        * dirt
        * np.exp(0.36 * season + 0.36 * stagnation + 0.10 * local + 0.09 * wiggle)
        * (0.92 + 0.12 * rush)
    )
    coarse = 17 * dirt * np.exp(0.12 * season + 0.24 * stagnation + 0.18 * local - 0.08 * sun + 0.08 * wiggle)
    no2 = 25 * dirt * np.exp(0.34 * season + 0.26 * stagnation + 0.08 * wiggle) * (0.75 + 0.45 * rush)
    peak = np.clip(100 - 38 * season + 30 * sun * (1 - 0.35 * season) + 5 * local, 22, 205) * (
        1.06 - 0.08 * dirt
    )
    o3 = 14 + (peak - 14) * noon**1.15 + 12 * (1 - rush) * (1 - noon) + 2.0 * wiggle
    so2 = 6.5 * dirt * np.exp(0.15 * season + 0.2 * stagnation + 0.1 * wiggle)
    co = 0.62 * np.exp(0.2 * season + 0.24 * stagnation + 0.05 * wiggle) * (0.9 + 0.15 * rush)
    return {
        "SO2": np.clip(so2, 2, 60), "NO2": np.clip(no2, 3, 150), "CO": np.clip(co, 0.2, 3.0),
        "O3": np.clip(o3, 2, 230), "PM10": np.clip(pm25 + coarse, 6, 300), "PM2_5": np.clip(pm25, 3, 220),
    }  # fmt: skip


def _calm(d: District, values: dict[str, np.ndarray]) -> None:
    """Keep every background day on one side of the edges where the regimes part (PM2.5 60 and 75, PM10 120 and 150, NO2 80 by rounding).

    Days that would stand between the edges are scaled to below the lower one, from the new standard's first day on.
    """
    since = max(0, (NEW_STANDARD - d.first).days)
    for factor, edge in (("PM2_5", 56.0), ("PM10", 112.0), ("NO2", 74.0)):
        v = values[factor]
        by_day = v.reshape(d.days, 24, -1)
        mean = by_day.mean(axis=1)
        over = mean > edge
        over[:since] = False
        by_day *= np.where(over, edge / mean, 1.0)[:, None, :]
    np.minimum(values["PM2_5"], values["PM10"] - 3, out=values["PM2_5"])


def _calm_ozone(d: District, s: AirSeries) -> None:
    """Keep ozone clear of the places where only one regime calls a day bad: MDA8 160 to 160.5, one hour above 200."""
    for _ in range(20):
        v = np.where(s.flags["O3"] == "N", s.values["O3"], np.nan).reshape(d.days, 24, -1)
        count = np.stack([(~np.isnan(v[:, h : h + 8])).sum(axis=1) for h in range(17)])
        total = np.stack([np.nansum(v[:, h : h + 8], axis=1) for h in range(17)])
        mean = np.divide(total, count, out=np.zeros(total.shape), where=count >= 6).max(axis=0)
        near = (mean > 159.0) & (mean < 161.5)
        peaked = (mean <= 161.5) & (np.nan_to_num(v).max(axis=1) > 196)
        if not (near | peaked).any():
            return
        by_day = s.values["O3"].reshape(d.days, 24, -1)  # a view
        lower = (near | peaked)[:, None, :] & (v > 100)
        by_day[lower] = np.minimum(by_day[lower] - 4, 196)


def rounded(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """As instruments send them: integers, CO with two decimals."""
    return {f: np.round(v, 2) if f == "CO" else np.round(v) for f, v in values.items()}


def make_air(d: District) -> AirSeries:
    """The whole series of the district with planted days, missing hours, flags, late and re-sent values."""
    dirt = np.array([TOWNS[p.town].dirt * (1.08 if p.role == "township" else 1.0) for p in d.air])
    raw = background(d, dirt)
    _calm(d, raw)
    values = rounded(raw)
    rng = stream(d.seed, "air planted")
    hours, points = d.days * 24, len(d.air)
    flags = {f: np.full((hours, points), "N", dtype="<U1") for f in FACTORS}
    series = AirSeries(values, flags)
    taken = np.zeros((d.days, points), bool)
    _dirty(rng, series, hours, points)
    _calm_ozone(d, series)
    _plant_days(d, rng, series, taken)
    _plant_late(d, rng, series, taken)
    return series


def _dirty(rng: np.random.Generator, s: AirSeries, hours: int, points: int) -> None:
    """Calibration (02:00 of some days), faults with no value, and values sent under a bad flag (absurd ones)."""
    for f in FACTORS:
        lost = rng.random((hours, points)) < 0.004
        s.values[f][lost] = np.nan
        s.flags[f][lost] = rng.choice(["B", "D"], int(lost.sum()))
        absurd = rng.random((hours, points)) < 0.0008
        s.values[f][absurd] = 25.0 if f == "CO" else 985.0
        s.flags[f][absurd] = rng.choice(["D", "M"], int(absurd.sum()))
    for f in ("NO2", "O3", "SO2"):
        at = np.arange(1, hours, 24 * 7)
        s.values[f][at] = np.nan
        s.flags[f][at] = "C"


def _plant(s: AirSeries, day: int, point: int, planted: AirDay) -> None:
    rows = slice(day * 24, day * 24 + 24)
    sway = np.where(np.arange(24) % 2, 1.0, -1.0)  # every mean over an even number of hours stays what it is
    for f, v in zip(FACTORS, planted.values, strict=True):
        s.values[f][rows, point] = np.round(v + sway * (0.02 if f == "CO" else 1.0), 2)
        s.flags[f][rows, point] = "N"


def _plant_days(d: District, rng: np.random.Generator, s: AirSeries, taken: np.ndarray) -> None:
    days = len(taken)
    change = (NEW_STANDARD - d.first).days
    wanted: list[tuple[str, AirDay, int, int]] = []  # kind, day, earliest, latest (exclusive)
    for planted in STEADY * max(1, round(3 * d.scale)):
        wanted.append(("air_aqi_day", planted, 0, days))
    for planted in CHANGED * max(1, round(2 * d.scale)):
        if 0 < change < days:
            wanted.append(("standard_change", planted, change, days))
            wanted.append(("standard_change", planted, max(0, change - 60), change))
        elif change <= 0 or change >= days:
            wanted.append(("air_aqi_day", planted, 0, days))
    if 0 < change < days:  # the last day of the old rule and the first of the new one, at one point
        wanted = [("standard_change", CHANGED[0], change - 1, change), ("standard_change", CHANGED[0], change, change + 1),
                  *wanted]  # fmt: skip
    for kind, planted, lo, hi in wanted:
        free = np.argwhere(~taken[lo:hi])
        if len(free) == 0:
            continue
        day, point = free[int(rng.integers(len(free)))]
        day = int(day) + lo
        taken[day, point] = True
        _plant(s, day, int(point), planted)
        when = d.first + timedelta(days=day)
        new = when >= NEW_STANDARD
        s.truth.setdefault(kind, []).append(
            {
                "point_id": f"air:{d.air[int(point)].code}", "date_day": when,
                "aqi": planted.aqi_2026 if new else planted.aqi_2012, "aqi_2012": planted.aqi_2012,
                "aqi_2026": planted.aqi_2026, "level": AirDay.level(planted.aqi_2026 if new else planted.aqi_2012),
                "primary_factor": planted.primary, "is_new_rule": new,
            }
        )  # fmt: skip


def _plant_late(d: District, rng: np.random.Generator, s: AirSeries, taken: np.ndarray) -> None:
    """Hours that a first request does not get, or gets with another value; days that come A, B, A."""
    days, points = taken.shape
    s.first_values = {f: v.copy() for f, v in s.values.items()}
    chosen = rng.choice(days, size=min(days, max(3, round(8 * d.scale))), replace=False)
    for k, day in enumerate(sorted(int(x) for x in chosen)):
        resent = k % 3 == 2
        (s.resent_days if resent else s.late_days).add(day)
        for _ in range(4):
            point, hour = int(rng.integers(points)), day * 24 + int(rng.integers(24))
            f = FACTORS[int(rng.integers(len(FACTORS)))]
            now = float(s.values[f][hour, point])
            if taken[day, point] or np.isnan(now) or s.flags[f][hour, point] != "N":
                continue
            s.first_values[f][hour, point] = np.nan if rng.random() < 0.4 and not resent else now * 2 + 1
            s.truth.setdefault("resent_old_payload" if resent else "late_data", []).append(
                {
                    "source": "air_platform_hourly", "statistic": "mean", "point_id": f"air:{d.air[point].code}", "factor_code": f,
                    "observed_at": observed_at(d, hour), "value": now,
                    "value_before": None if np.isnan(s.first_values[f][hour, point]) else now * 2 + 1,
                }
            )  # fmt: skip


def observed_at(d: District, hour: int) -> datetime:
    """END of hour `hour` of the span."""
    return d.begin + timedelta(hours=hour + 1)
