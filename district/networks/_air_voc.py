"""VOC stations: a photochemical station (whole list, ppb), a park station and its background (park list, µg/m³).

Planted: the ozone formation potential of every station day, cells below detection in the forms that laboratories use, a day
short of hours for one species, a day on which the photochemical station stood still for some hours. The list of the
photochemical station grows at the date that seed voc_list says.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np

from district.names import stream
from district.networks import Feed, point, start_of
from district.networks._air_special import INTENSIVE, SOURCE, Days, days_of, hour_end, micro, record, seed
from district.plan import District, Row
from district.truth_kind import Kind

STATIONS = (("SYNPC01", "合成光化学站01", "photochemical", 2), ("SYNVP01", "合成园区VOCs站01", "park", 10),
            ("SYNVB01", "合成VOCs对照站01", "background", 11))  # fmt: skip
FORMS = ("<{0}", "{0}L", "ND", "＜{0}", "未检出")
MIN_HOURS = 18  # of a species and day, as seed air_special_rule has it
OUTAGE_HOURS = 5
SHORT_HOURS = 8


def _listed(role: str, day: date) -> list[str]:
    return [
        r["factor_code"] for r in seed("voc_list")
        if r["role"] == role and r["valid_from"] <= str(day) and (not r["valid_to"] or str(day) < r["valid_to"])
    ]  # fmt: skip


def add(d: District, feed: Feed, days: Days) -> None:
    """Points, link, records and truth of the VOC stations."""
    rng = stream(d.seed, "air_special voc")
    names = {r["factor_code"]: r["species_zh"] for r in seed("voc_species")}
    mir = {r["factor_code"]: Fraction(r["mir_g_g"]) for r in seed("voc_mir") if r["mir_g_g"]}
    factor_of = {
        (r["item"], r["unit_as_sent"]): Decimal(r["multiplier"])
        for r in seed("reading_item__air_special") if r["item_group"] == "air_special"
    }  # fmt: skip
    for code, name, role, town in STATIONS:
        park = "SYNPARK01" if role == "park" else None
        feed.points.append(point(d, code, name, "air_voc", town, role, park_code=park))
    feed.links.append(
        {"link_kind": "background", "from_point_id": "air_voc:SYNVP01", "to_point_id": "air_voc:SYNVB01", "travel_hours": None,
         "distance_km": 25.0, "position_no": 1, "valid_from": start_of(d), "valid_to": None}
    )  # fmt: skip
    level = {f: float(rng.uniform(0.4, 4.0)) for f in names}
    active = days_of(d, INTENSIVE)
    outage = set(active[1::5])
    short = set(active[2::5])
    for day in active:
        on = d.first + timedelta(days=day)
        for code, _, role, _ in STATIONS:
            unit = "ppb" if role == "photochemical" else "μg/m3"
            scale = {"photochemical": 1.0, "park": 9.0, "background": 2.0}[role]
            silent = set(range(9, 9 + OUTAGE_HOURS)) if role == "photochemical" and day in outage else set()
            total, lacking = Fraction(0), 0
            for species in _listed(role, on):
                marked = (
                    range(10, 10 + SHORT_HOURS)
                    if (role, species) == ("park", "VOC_TOLUENE") and day in short
                    else ()
                )
                values = [
                    round(
                        level[species] * scale * float(np.exp(rng.normal(0, 0.15))) * (1.2 if h < 9 else 0.9),
                        3,
                    )
                    for h in range(1, 25)
                ]
                multiplier = factor_of[names[species], unit]
                known: list[Fraction] = []
                for h in range(1, 25):
                    if h in silent:
                        continue
                    at = hour_end(d, day, h)
                    sent: float | str = values[h - 1]
                    if rng.random() < 0.012 and h not in marked:
                        sent = _below(feed, code, species, at, rng, multiplier, known)
                    elif h not in marked:
                        known.append(Fraction(micro(Decimal(str(sent)) * multiplier)))
                    flag = "M" if h in marked else "N"
                    days.add(day, record("air_voc", code, at, names[species], unit, sent, flag=flag))
                if len(known) < MIN_HOURS or species not in mir:
                    lacking += 1
                else:
                    total += sum(known, Fraction(0)) / len(known) * mir[species]
            _day_truth(feed, code, on, total, lacking, silent)
            if role == "photochemical":
                _gases(days, d, day, code, rng, silent)
    for day in sorted(short):
        feed.truth.setdefault("voc_short_day", []).append(
            {
                "point_id": "air_voc:SYNVP01",
                "factor_code": "VOC_TOLUENE",
                "date_day": d.first + timedelta(days=day),
            }
        )


def _below(
    feed: Feed,
    code: str,
    species: str,
    at: object,
    rng: np.random.Generator,
    multiplier: Decimal,
    known: list[Fraction],
) -> str:
    """A cell below detection; half of a told limit takes part in the mean, a limit that is not told takes no part."""
    limit = Decimal("0.02")
    form = FORMS[int(rng.integers(len(FORMS)))]
    told = micro(limit * multiplier) if "{0}" in form else None
    if told is not None:
        known.append(Fraction(told) / 2)
    row: Row = {
        "source": SOURCE, "point_id": f"air_voc:{code}", "factor_code": species, "statistic": "mean", "observed_at": at,
        "sent": form.format(limit), "detection_limit": None if told is None else float(told),
    }  # fmt: skip
    feed.truth.setdefault("below_detection", []).append(row)
    return form.format(limit)


def _gases(days: Days, d: District, day: int, code: str, rng: np.random.Generator, silent: set[int]) -> None:
    for h in range(1, 25):
        if h in silent:
            continue
        at, sun = hour_end(d, day, h), max(0.0, float(np.sin(np.pi * (h - 6) / 14)))
        for item, unit, value in (("O3", "μg/m3", 30 + 60 * sun), ("NO2", "μg/m3", 38 - 18 * sun), ("NOx", "μg/m3", 55 - 22 * sun),
                                  ("气温", "℃", 10 + 8 * sun), ("风速", "m/s", 1.5 + sun), ("风向", "°", 120 + 40 * sun)):  # fmt: skip
            days.add(
                day, record("air_voc", code, at, item, unit, round(value + float(rng.uniform(0, 0.5)), 1))
            )


def _day_truth(feed: Feed, code: str, on: date, total: Fraction, lacking: int, silent: set[int]) -> None:
    feed.truth.setdefault("voc_ofp_day", []).append(
        {"point_id": f"air_voc:{code}", "date_day": on, "ofp_ug_m3": float(total), "lacking_count": lacking}
    )
    if silent:
        feed.truth.setdefault("photochem_outage", []).append(
            {
                "point_id": f"air_voc:{code}",
                "date_day": on,
                "completeness_pct": float(Fraction((24 - len(silent)) * 100, 24)),
            }
        )


KINDS: dict[str, Kind] = {
    "voc_ofp_day": Kind(
        ("fct_voc_period",),
        """
        with told as (
            select coalesce(abs(v.ofp_ug_m3 - p.ofp_ug_m3) < 0.0006, false)
                   and v.lacking_species_count = p.lacking_count as is_right
            from planted p inner join fct_voc_period v
                on v.point_id = p.point_id and v.period_type = 'day' and v.period_start_date = p.date_day)
        select count(*) filter (where is_right) as found, count(*) filter (where not is_right) as falsely_found from told""",
        "sum of mean × MIR over the species that have both, and how many had not",
        (("ofp_ug_m3", "double"), ("lacking_count", "bigint")),
    ),
    "voc_short_day": Kind(
        ("fct_voc_species_period",),
        """
        with told as (select point_id, factor_code, period_start_date as date_day from fct_voc_species_period
                      where period_type = 'day' and not is_complete and point_id <> 'air_voc:SYNPC01')
        select (select count(*) from planted p inner join told t using (point_id, factor_code, date_day)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.point_id = t.point_id and p.factor_code = t.factor_code
                    and p.date_day = t.date_day)) as falsely_found""",
        "a species short of hours has no mean on that day",
    ),
    "photochem_outage": Kind(
        ("fct_voc_period",),
        """
        with told as (select v.point_id, v.period_start_date as date_day, v.completeness_pct from fct_voc_period v
                      where v.period_type = 'day' and v.completeness_pct < 100 and v.point_id = 'air_voc:SYNPC01')
        select (select count(*) from planted p inner join told t using (point_id, date_day)
                where abs(t.completeness_pct - p.completeness_pct) < 0.0006) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.point_id = t.point_id and p.date_day = t.date_day
                    and abs(t.completeness_pct - p.completeness_pct) < 0.0006)) as falsely_found""",
        "completeness over the list version in force; a value below detection is data",
        (("completeness_pct", "double"),),
    ),
}  # fmt: skip
