"""Stations of the logistics corridor: a roadside station and its background, and the count of lorries beside them.

Planted: hours of a roadside peak, hours in which the whole district rises (the increment must not), hours whose background
is missing (there must be no increment, least of all one against a neighbouring hour).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import numpy as np

from district.names import stream
from district.networks import Feed, point, start_of
from district.networks._air_special import Days, hour_end, record
from district.plan import District
from district.truth_kind import Kind

ROAD, BACK = "SYNRD01", "SYNRB01"
ITEMS = (
    ("NOx", "NOX", "μg/m3", 28.0, 18.0, 0.05),
    ("BC", "BC", "ng/m3", 1500.0, 900.0, 2.5),
    ("PM2.5", "PM2_5", "μg/m3", 22.0, 6.0, 0.01),
)


def add(d: District, feed: Feed, days: Days) -> None:
    """The corridor's points, link, records and truth."""
    rng = stream(d.seed, "air_special corridor")
    feed.points += [
        point(d, ROAD, "合成物流通道路边站01", "air_corridor", 8, "roadside"),
        point(d, BACK, "合成物流通道对照站01", "air_corridor", 15, "background"),
    ]
    feed.links.append(
        {"link_kind": "background", "from_point_id": f"air_corridor:{ROAD}", "to_point_id": f"air_corridor:{BACK}",
         "travel_hours": None, "distance_km": 6.0, "position_no": 1, "valid_from": start_of(d), "valid_to": None}
    )  # fmt: skip
    hours = d.days * 24
    wave = np.sin(np.linspace(0, d.days * 2 * np.pi, hours))
    chosen = rng.permutation(np.arange(4, hours - 4))
    n = max(2, d.days // 15)
    peaks, regional, gaps = (set(map(int, chosen[i * n : (i + 1) * n])) for i in range(3))
    for h in range(hours):
        day, at = h // 24, hour_end(d, h // 24, h % 24 + 1)
        trucks = int(150 + 90 * wave[h] + rng.integers(-15, 16))
        days.add(day, record("air_corridor", ROAD, at, "货车流量", "辆/h", trucks))
        noise = rng.normal(0, 1, (len(ITEMS), 2))
        for k, (item, factor, unit, level, extra, per_truck) in enumerate(ITEMS):
            rise = level * 4 if h in regional else 0.0
            base = level * (1.15 + 0.12 * wave[h]) + rise
            back = round(base + level * 0.02 * float(noise[k, 0]), 1)
            road = round(base + extra + per_truck * trucks + level * 0.02 * float(noise[k, 1]), 1)
            if h in peaks and factor == "NOX":
                road = round(road + 160, 1)
            days.add(day, record("air_corridor", ROAD, at, item, unit, road))
            _background(
                feed, days, day, at, item, unit, back, gap=h in gaps and factor == "NOX", silent=h % 2 == 0
            )
            if h in peaks | regional and factor == "NOX" and h not in gaps:
                feed.truth.setdefault("corridor_increment", []).append(
                    {"point_id": f"air_corridor:{ROAD}", "factor_code": factor, "observed_at": at,
                     "value": float(Decimal(str(road)) - Decimal(str(back))), "is_peak": h in peaks}
                )  # fmt: skip


def _background(
    feed: Feed,
    days: Days,
    day: int,
    at: datetime,
    item: str,
    unit: str,
    value: float,
    *,
    gap: bool,
    silent: bool,
) -> None:
    if not gap:
        days.add(day, record("air_corridor", BACK, at, item, unit, value))
        return
    if not silent:  # a figure under a fault mark is no background either
        days.add(day, record("air_corridor", BACK, at, item, unit, value, flag="D"))
    feed.truth.setdefault("corridor_gap", []).append(
        {"point_id": f"air_corridor:{ROAD}", "factor_code": "NOX", "observed_at": at}
    )


KINDS: dict[str, Kind] = {
    "corridor_increment": Kind(
        ("fct_corridor_hour",),
        """
        with told as (
            select coalesce(abs(h.increment_value - p.value) < 0.0006, false) as is_right
            from planted p inner join fct_corridor_hour h using (point_id, factor_code, observed_at))
        select (select count(*) from told where is_right) as found,
               (select count(*) from told where not is_right)
               + (select count(*) from fct_corridor_hour h where h.factor_code = 'NOX' and h.increment_value > 100 and not exists (
                    select 1 from planted p where p.is_peak and p.point_id = h.point_id and p.observed_at = h.observed_at))
               as falsely_found""",
        "the increment over the paired background of the same hour; an hour in which both rise is no peak",
        (("is_peak", "boolean"),),
    ),
    "corridor_gap": Kind(
        ("fct_corridor_hour",),
        """
        with told as (select point_id, factor_code, observed_at from fct_corridor_hour
                      where increment_value is null and reason_zh is not null)
        select (select count(*) from planted p inner join told t using (point_id, factor_code, observed_at)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.point_id = t.point_id and p.factor_code = t.factor_code
                    and p.observed_at = t.observed_at)) as falsely_found""",
        "no increment and a reason where the background of that hour is missing or void",
    ),
}  # fmt: skip
