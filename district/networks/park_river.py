"""Rivers beside industrial parks: a station above and one below, hourly.

Invariant: what comes down the river passes the lower station a travel time later; only what enters between them makes a difference
of the lagged pair. Waves from upstream are planted too: whoever compares the same hour takes them for discharges.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from district.names import stream
from district.networks import Base, Feed, point, start_of
from district.networks._parks import PARKS, hourly_pages
from district.plan import District, Row
from district.truth_kind import Kind

TRAVEL = (3.0, 4.6)  # hours; the second is no whole number and counts as 5
ITEMS = (("codmn_mg_l", "w01019", 3.6, 2), ("nh3n_mg_l", "w21003", 0.55, 3))
RULES = {"w01019": (1.5, 25, 3), "w21003": (0.4, 40, 3)}  # seed park_river_rule: difference, %, hours


def _series(d: District, n: int) -> dict[str, tuple[list[str], list[str]]]:
    """Per item the figures above and below, as sent."""
    lag = round(TRAVEL[n])
    hours = d.days * 24
    rng = stream(d.seed, f"park river {n}")
    out: dict[str, tuple[list[str], list[str]]] = {}
    waves: list[int] = []
    entries: list[int] = []
    if d.days >= 20:
        for k, start in enumerate(range(60, hours - 40, 150)):
            (waves if k % 2 else entries).append(start + int(rng.integers(0, 40)))
    for item, _, level, digits in ITEMS:
        slow = np.repeat(rng.uniform(-0.06, 0.06, -(-hours // 24) + 2), 24)[: hours + lag]
        river = level * (1 + slow) * (1 + rng.uniform(-0.02, 0.02, hours + lag))
        for w in waves:  # a wave that comes down the river
            river[w : w + 6] *= 2.6
        above = river[lag:]  # the upper station sees now what passes the lower one `lag` hours later
        below = river[:hours] * (1 + rng.uniform(-0.015, 0.015, hours))
        for k, e in enumerate(entries):  # something enters between the two; every third is too short to count
            below[e : e + (2 if k % 3 == 2 else 5)] += level * 1.4
        out[item] = ([f"{x:.{digits}f}" for x in above], [f"{x:.{digits}f}" for x in below])
    return out


def _truth(d: District, n: int, series: dict[str, tuple[list[str], list[str]]]) -> list[Row]:
    lag = round(TRAVEL[n])
    rows: list[Row] = []
    for item, factor, _, _ in ITEMS:
        above, below = ([float(x) for x in told] for told in series[item])
        least, share, run = RULES[factor]
        rises = [
            h >= lag
            and below[h] - above[h - lag] >= least
            and (below[h] - above[h - lag]) * 100 >= above[h - lag] * share
            for h in range(len(below))
        ]
        h = 0
        while h < len(rises):
            if not rises[h]:
                h += 1
                continue
            end = h
            while end < len(rises) and rises[end]:
                end += 1
            if end - h >= run:
                rows.append({"point_id": f"park_river:SYNPD{n + 1}", "factor_code": factor, "observed_at": d.begin + timedelta(hours=h),
                             "ends_at": d.begin + timedelta(hours=end)})  # fmt: skip
            h = end
    return rows


def make(base: Base) -> Feed:
    """Stations, their relation, figures and the planted discharges."""
    d = base.d
    feed = Feed(truth={"park_river_discharge": []})
    told: dict[str, dict[str, list[str]]] = {}
    for n, park in enumerate(PARKS):
        series = _series(d, n)
        for code, label, role, which in (
            (f"SYNPU{n + 1}", "上游", "upstream", 0),
            (f"SYNPD{n + 1}", "下游", "downstream", 1),
        ):
            feed.points.append(
                point(d, code, f"合成园区河道{label}站{n + 1}", "park_river", park.town, role, park_code=park.code, water_body_type="river",
                      water_body_name="合成园区河")
            )  # fmt: skip
            told[code] = {item: series[item][which] for item, _, _, _ in ITEMS}
        feed.links.append(
            {"link_kind": "upstream", "from_point_id": f"park_river:SYNPD{n + 1}", "to_point_id": f"park_river:SYNPU{n + 1}",
             "travel_hours": TRAVEL[n], "distance_km": 2.5, "position_no": 1, "valid_from": start_of(d), "valid_to": None}
        )  # fmt: skip
        feed.truth["park_river_discharge"] += _truth(d, n, series)
    feed.platform["park_river_hourly"] = list(
        hourly_pages(
            d, list(told), lambda code, h: {item: figures[h] for item, figures in told[code].items()}
        )
    )
    return feed


KINDS = {
    "park_river_discharge": Kind(
        ("fct_park_river_event", "fct_early_warning"),
        """
        with told as (
            select from_point_id as point_id, factor_code, started_at, ended_at from fct_park_river_event e
            where exists (select 1 from fct_early_warning w where w.warning_kind = 'park_river_discharge'
                          and w.subject_id = e.from_point_id and w.factor_code = e.factor_code and w.started_at = e.started_at))
        select (select count(*) from planted p inner join told t on p.point_id = t.point_id and p.factor_code = t.factor_code
                and p.observed_at = t.started_at and p.ends_at = t.ended_at) as found,
               (select count(*) from told t where not exists (select 1 from planted p where p.point_id = t.point_id
                and p.factor_code = t.factor_code and p.observed_at = t.started_at)) as falsely_found""",
        "discharges between two stations, from hour to hour, by the lagged pair; a wave from upstream is none",
        (("ends_at", "timestamp"),),
    )
}
