"""An odour station beside a dyeing works, watched on some days of each month: one CSV of 5-minute values per station and day.

Planted: episodes (with a short dip that must not cut them in two) and the complaint about each; complaints of the next day and of another
town that must not join; single high values and values equal to the threshold, which are no episode.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import numpy as np

from district.names import TOWNS, stream
from district.networks import Base, Feed, Order, point
from district.networks._air_special import days_of, seed
from district.networks._geo import downwind_place
from district.plan import District, Row
from district.truth_kind import Kind

CODE = "SYNOD01"
WATCHED = (12, 13, 14, 15)  # days of each month; episodes are planted on the first and the third
FIRST_STEP, STEPS = 121, 144  # 10:00 to 22:00
START = 36  # of an episode: 13:00
HEAD = "时间,OU(无量纲),硫化氢(μg/m3),氨(ppm),风速(m/s),风向(°)"


def _values(rng: np.random.Generator, wind: float) -> np.ndarray:
    """Background of a day: OU, H2S, NH3, wind speed, wind direction; everything far below the thresholds."""
    return np.column_stack(
        [
            rng.uniform(3, 12, STEPS), rng.uniform(5, 30, STEPS), rng.uniform(0.1, 0.6, STEPS), rng.uniform(1.5, 3, STEPS),
            (wind + rng.uniform(-8, 8, STEPS)) % 360,
        ]
    )  # fmt: skip


def _csv(begin: datetime, values: np.ndarray) -> bytes:
    out = io.StringIO()
    out.write(HEAD + "\n")
    for k in range(STEPS):
        at = begin + timedelta(minutes=5 * (FIRST_STEP + k))
        ou, h2s, nh3, speed, direction = values[k]
        out.write(f"{at:%Y-%m-%d %H:%M},{ou:.1f},{h2s:.1f},{nh3:.3f},{speed:.1f},{direction:.0f}\n")
    return out.getvalue().encode("utf-8-sig")


def make(base: Base) -> Feed:
    """The station, its files, its complaints and what is planted in them."""
    d, feed = base.d, Feed()
    rng = stream(d.seed, "air_odor")
    works = [e for e in d.enterprises if sum(x["uscc"] == e["uscc"] for x in d.enterprises) == 1]
    site = works[int(rng.integers(len(works)))]
    town = next(i for i, t in enumerate(TOWNS) if t.code == site["town_code"])
    lon, lat, wind = downwind_place(d.enterprises, site, 600, float(rng.integers(0, 24)) * 15)
    feed.points.append(
        point(d, CODE, "合成异味边界站01", "air_odor", town, "boundary", longitude=lon, latitude=lat)
    )
    limit = {r["factor_code"]: float(r["threshold_value"]) for r in seed("odor_threshold")}["ODOR_OU"]
    for day in days_of(d, WATCHED):
        begin = d.begin + timedelta(days=day)
        values = _values(rng, wind)
        values[110, 0] = limit * 2.4  # one value for five minutes is no episode
        values[120:123, 0] = limit  # equal is not above
        if (d.first + timedelta(days=day)).day in (WATCHED[0], WATCHED[2]) and day + 1 < d.days:
            _episode(d, feed, begin, values, town, site, limit, rng)
        feed.files[f"air_odor/{CODE}_{begin:%Y%m%d}.csv"] = _csv(begin, values)
    return feed


def _episode(
    d: District,
    feed: Feed,
    begin: datetime,
    values: np.ndarray,
    town: int,
    site: Row,
    limit: float,
    rng: np.random.Generator,
) -> None:
    length = int(rng.integers(5, 12))
    values[START : START + length, 0] = np.round(limit * rng.uniform(1.5, 2.6, length), 1)
    values[START + length, 0] = limit * 0.6  # five minutes of clean air within the gap
    values[START + length + 1 : START + length + 3, 0] = limit * 1.4
    peak = float(f"{values[START : START + length + 3, 0].max():.1f}")
    started = begin + timedelta(minutes=5 * (FIRST_STEP + START - 1))
    ended = begin + timedelta(minutes=5 * (FIRST_STEP + START + length + 2))
    where: Row = {"point_id": f"air_odor:{CODE}", "started_at": started}
    feed.truth.setdefault("odor_episode", []).append({**where, "ended_at": ended, "peak_value": peak})
    label = f"{begin:%m%d}"
    complained = ended + timedelta(minutes=int(rng.integers(20, 200)))
    other = (town + 5) % len(TOWNS)
    for ref, at, where_town, about, joins in (
        (f"odor {label}", complained, town, site["enterprise_name"], True),
        (f"odor next {label}", complained + timedelta(days=1), town, site["enterprise_name"], False),
        (f"odor far {label}", complained, other, f"合成异味来源{label}", False),
    ):
        feed.orders.append(Order(ref, at, where_town, about, "恶臭"))
        feed.truth.setdefault("odor_complaint", []).append(
            {**where, "case_ref": ref, "site_code": site["site_code"], "is_joined": joins}
        )


KINDS: dict[str, Kind] = {
    "odor_episode": Kind(
        ("fct_odor_episode",),
        """
        with told as (select point_id, started_at, ended_at, peak_value from fct_odor_episode)
        select (select count(*) from planted p inner join told t using (point_id, started_at, ended_at)
                where abs(t.peak_value - p.peak_value) < 0.0006) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.point_id = t.point_id and p.started_at = t.started_at
                    and p.ended_at = t.ended_at)) as falsely_found""",
        "fct_odor_episode: start, end and peak; single values and values equal to the threshold are none",
        (("started_at", "timestamp"), ("ended_at", "timestamp"), ("peak_value", "double")),
    ),
    "odor_complaint": Kind(
        ("fct_odor_episode_complaint",),
        """
        with told as (
            select p.is_joined, count(c.case_id) as joined,
                   bool_or(c.point_id = p.point_id and c.started_at = p.started_at and c.site_code = p.site_code and c.is_upwind) as is_right
            from planted p left join fct_odor_episode_complaint c on p.case_id = c.case_id
            group by p.case_id, p.is_joined, p.point_id, p.started_at)
        select count(*) filter (where (is_joined and is_right) or (not is_joined and joined = 0)) as found,
               count(*) filter (where not is_joined and joined > 0) as falsely_found from told""",
        "the complaint of the same hours joins the episode and the firm upwind; that of the next day or of another town joins none",
        (("started_at", "timestamp"), ("site_code", "varchar"), ("is_joined", "boolean")),
    ),
}  # fmt: skip
