"""A survey car that drives past firms: one CSV of seconds per run, and the register of what was found afterwards.

Planted: a plume downwind of a firm on every second run, with the follow-up result. The other runs are clean but for one exhaust of
a few seconds, which is no hot stretch.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import numpy as np

from district.names import stream
from district.networks import Base, Feed, point
from district.networks._air_special import days_of
from district.networks._geo import downwind_place, offset
from district.plan import Row
from district.truth_kind import Kind

CAR = "SYNCAR01"
RUN_DAYS = (10, 20)  # of each month; the first carries a plume
SECONDS, SPEED_M_S = 480, 8.0
SPECIES = (
    ("苯", 0.6, 1.0),
    ("甲苯", 3.0, 14.0),
    ("间/对-二甲苯", 1.5, 6.0),
    ("乙酸乙酯", 2.5, 20.0),
)  # ppb: background, plume
HEAD = "时间,经度,纬度,风速(m/s),风向(°)," + ",".join(f"{s}(ppb)" for s, _, _ in SPECIES)
RESULTS = ("属实", "不属实", "待查")


def _csv(
    begin: datetime, rng: np.random.Generator, middle: tuple[float, float], wind: float, plume: bool
) -> bytes:
    """Seconds along a straight road across the wind, through `middle`."""
    out = io.StringIO()
    out.write(HEAD + "\n")
    noise = rng.normal(0, 0.06, (SECONDS, len(SPECIES)))
    for k in range(SECONDS):
        along = (k - SECONDS / 2) * SPEED_M_S
        lon, lat = offset(*middle, wind + 90, along)
        shape = float(np.exp(-((along / 110) ** 2))) * 10 if plume else 6.0 if 100 <= k < 103 else 0.0
        cells = [
            f"{begin + timedelta(seconds=k):%Y-%m-%d %H:%M:%S}", f"{lon:.6f}", f"{lat:.6f}", f"{2.2 + 0.3 * np.sin(k / 9):.1f}",
            f"{(wind + 6 * np.sin(k / 7)) % 360:.0f}",
            *(f"{max(0.05, low * (1 + noise[k, i]) + shape * high):.3f}" for i, (_, low, high) in enumerate(SPECIES)),
        ]  # fmt: skip
        out.write(",".join(cells) + "\n")
    return out.getvalue().encode("gb18030")


def make(base: Base) -> Feed:
    """The car, its runs, the follow-ups and what is planted."""
    d, feed = base.d, Feed()
    rng = stream(d.seed, "voc_route")
    feed.points.append(
        point(
            d,
            CAR,
            "合成VOCs走航车01",
            "voc_route",
            0,
            "survey_car",
            town_code=None,
            longitude=None,
            latitude=None,
        )
    )
    followups: list[Row] = feed.registers.setdefault("voc_route_followup", [])
    for n, day in enumerate(days_of(d, RUN_DAYS), 1):
        begin = d.begin + timedelta(days=day, hours=9, minutes=30)
        run = f"R{begin:%Y%m%d}{n:02d}"
        site = d.enterprises[int(rng.integers(len(d.enterprises)))]
        lon, lat, wind = downwind_place(d.enterprises, site, 260, float(rng.integers(0, 24)) * 15)
        plume = begin.day == RUN_DAYS[0]
        feed.files[f"voc_route/{run}_{CAR}_{begin:%Y%m%d}.csv"] = _csv(begin, rng, (lon, lat), wind, plume)
        if not plume:
            continue
        result = RESULTS[n // 2 % len(RESULTS)]
        feed.truth.setdefault("voc_plume", []).append(
            {"run_code": run, "site_code": site["site_code"], "result": result}
        )
        checked = (begin + timedelta(days=3)).date()
        followups.append(
            {"run_code": run, "site_code": site["site_code"], "checked_date": checked, "result": result,
             "measure": "责令整改（合成）" if result == "属实" else None, "register_year": checked.year}
        )  # fmt: skip
    return feed


KINDS: dict[str, Kind] = {
    "voc_plume": Kind(
        ("fct_voc_hotspot", "fct_voc_candidate"),
        """
        with told as (
            select h.run_code, h.hotspot_no, c.site_code, c.followup_result
            from fct_voc_hotspot h left join fct_voc_candidate c
                on c.run_code = h.run_code and c.maturity = h.maturity and c.hotspot_no = h.hotspot_no and c.candidate_rank_no = 1)
        select (select count(*) from planted p where exists (
                    select 1 from told t where t.run_code = p.run_code and t.site_code = p.site_code
                    and t.followup_result = p.result)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.run_code = t.run_code and p.site_code = t.site_code)) as falsely_found""",
        "the hot stretch is given to the nearest firm upwind, with the result of the follow-up; a clean run has none",
        (("run_code", "varchar"), ("site_code", "varchar"), ("result", "varchar")),
    ),
}  # fmt: skip
