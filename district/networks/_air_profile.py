"""A gradient tower and a lidar: values by height. Records come in no order of height, and a layer is added within the span.

Planted: inversions between two layers, hours in which a layer is missing (left out, blank, or under a fault mark).
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from district.names import stream
from district.networks import Feed, point, start_of
from district.networks._air_special import INTENSIVE, Days, days_of, hour_end, record
from district.plan import District
from district.truth_kind import Kind

TOWER, LIDAR = "SYNTW01", "SYNLD01"
TOWER_HEIGHTS, LIDAR_HEIGHTS = (10, 50, 100, 200, 300), (150, 300, 600, 1000, 1500)


def _layers(d: District, feed: Feed) -> int:
    """The register of layers; the tower's highest one stands from the returned day of the span on."""
    added = d.days // 2
    rows = feed.database.setdefault("air_profile_layer", [])
    for code, instrument, heights in ((TOWER, "tower", TOWER_HEIGHTS), (LIDAR, "lidar", LIDAR_HEIGHTS)):
        name = "合成气象梯度塔01" if instrument == "tower" else "合成大气激光雷达01"
        for height in heights:
            late = (code, height) == (TOWER, TOWER_HEIGHTS[-1])
            start = d.first + timedelta(days=added) if late else start_of(d)
            rows.append(
                {
                    "station_code": code,
                    "height_m": height,
                    "instrument": instrument,
                    "valid_from": start,
                    "valid_to": None,
                }
            )
            feed.points.append(
                point(
                    d,
                    f"{code}-{height:05d}",
                    f"{name}（{height} 米）",
                    "air_profile",
                    4,
                    instrument,
                    valid_from=start,
                )
            )
    return added


def add(d: District, feed: Feed, days: Days) -> None:
    """Layers, records and truth of the profile stations."""
    rng = stream(d.seed, "air_special profile")
    added = _layers(d, feed)
    nights = [day * 24 + h for day in range(d.days) for h in (1, 2, 3, 4)]
    inverted = {int(h) for h in rng.permutation(nights)[: max(3, d.days // 10)]}
    others = [h for h in range(2, d.days * 24 - 2) if h not in inverted]
    missing = {int(h) for h in rng.permutation(others)[: max(3, d.days // 10)]}
    for h in range(d.days * 24):
        day, at = h // 24, hour_end(d, h // 24, h % 24 + 1)
        heights = [z for z in TOWER_HEIGHTS if day >= added or z != TOWER_HEIGHTS[-1]]
        ground = 9 - 7 * np.cos(2 * np.pi * (day % 365) / 365) + 4 * np.sin(2 * np.pi * (h % 24 - 8) / 24)
        step = int(rng.integers(1, len(heights)))
        lift = round(float(rng.uniform(2.2, 3.5)), 2)
        noise, speed = rng.normal(0, 0.02, len(heights)), rng.uniform(0, 0.4, len(heights))
        shown = [round(float(ground - 0.0085 * z + noise[k]), 2) for k, z in enumerate(heights)]
        if h in inverted:
            shown = [round(t + (lift if k >= step else 0), 2) for k, t in enumerate(shown)]
            feed.truth.setdefault("profile_inversion", []).append(
                {
                    "station_code": TOWER,
                    "observed_at": at,
                    "base_m": heights[step - 1],
                    "top_m": heights[step],
                }
            )
        lost = step if h in missing else None
        rows = []
        for k in rng.permutation(len(heights)).tolist():
            rows.append(
                record(
                    "air_profile",
                    TOWER,
                    at,
                    "风速",
                    "m/s",
                    round(1.5 + k * 0.8 + float(speed[k]), 1),
                    height=heights[k],
                )
            )
            if k != lost:
                rows.append(record("air_profile", TOWER, at, "气温", "℃", shown[k], height=heights[k]))
            elif h % 3:
                rows.append(
                    record("air_profile", TOWER, at, "气温", "℃", None if h % 3 == 1 else shown[k], height=heights[k],
                           flag="N" if h % 3 == 1 else "D")
                )  # fmt: skip
        if lost is not None:
            feed.truth.setdefault("profile_missing_layer", []).append(
                {"station_code": TOWER, "observed_at": at, "height_m": heights[lost]}
            )
        days.add(day, *rows)
    _lidar(d, feed, days)


def _lidar(d: District, feed: Feed, days: Days) -> None:
    rng = stream(d.seed, "air_special lidar")
    for day in days_of(d, INTENSIVE):
        for hour in range(1, 25):
            at = hour_end(d, day, hour)
            lost = LIDAR_HEIGHTS[-1] if hour == 6 else None  # low cloud at six
            for z in reversed(LIDAR_HEIGHTS):
                if z != lost:
                    value = round(0.6 * float(np.exp(-z / 900)) + float(rng.uniform(0.01, 0.03)), 4)
                    days.add(day, record("air_profile", LIDAR, at, "消光系数", "km-1", value, height=z))
            if lost is not None:
                feed.truth.setdefault("profile_missing_layer", []).append(
                    {"station_code": LIDAR, "observed_at": at, "height_m": lost}
                )


KINDS: dict[str, Kind] = {
    "profile_inversion": Kind(
        ("fct_air_profile_hour",),
        """
        with told as (select station_code, observed_at, inversion_base_m, inversion_top_m from fct_air_profile_hour where has_inversion)
        select (select count(*) from planted p inner join told t using (station_code, observed_at)
                where p.base_m = t.inversion_base_m and p.top_m = t.inversion_top_m) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.station_code = t.station_code and p.observed_at = t.observed_at
                    and p.base_m = t.inversion_base_m and p.top_m = t.inversion_top_m)) as falsely_found""",
        "fct_air_profile_hour: inversion with its base and top",
        (("station_code", "varchar"), ("base_m", "bigint"), ("top_m", "bigint")),
    ),
    "profile_missing_layer": Kind(
        ("fct_air_profile", "fct_air_profile_hour"),
        """
        with told as (
            select l.station_code, l.observed_at, l.height_m, h.has_inversion
            from fct_air_profile l inner join fct_air_profile_hour h using (station_code, maturity, observed_at)
            where l.is_missing_layer)
        select (select count(*) from planted p inner join told t using (station_code, observed_at, height_m)
                where t.has_inversion is null) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.station_code = t.station_code and p.observed_at = t.observed_at
                    and p.height_m = t.height_m)) as falsely_found""",
        "the missing layer is marked, and no verdict on an inversion is given over the gap",
        (("station_code", "varchar"), ("height_m", "bigint")),
    ),
}  # fmt: skip
