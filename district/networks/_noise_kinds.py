"""How the planted truth of the noise network is looked for in a release."""

from __future__ import annotations

from district.truth_kind import Kind

_PERIOD = "p.point_id = r.point_id and p.noise_date = r.noise_date and p.period_kind = r.period_kind"


def _both_ways(told: str, on: str) -> str:
    """Planted rows that are told, and told rows that were not planted."""
    return f"""
        with told as ({told})
        select (select count(*) from planted p where exists (select 1 from told r where {on})) as found,
               (select count(*) from told r where not exists (select 1 from planted p where {on})) as falsely_found"""


KINDS: dict[str, Kind] = {
    "noise_exceedance": Kind(
        ("fct_noise_period",),
        _both_ways("select * from fct_noise_period where not is_compliant", f"{_PERIOD} and abs(r.leq_rounded_db - p.leq_db) < 0.0006"),
        "days and nights above the limit of the zone in force, with their level",
        (("noise_date", "date"), ("period_kind", "varchar"), ("leq_db", "double")),
    ),
    "noise_energy_mean": Kind(
        ("fct_noise_period", "fct_noise_hour"),
        _both_ways(
            """select r.point_id, r.noise_date, r.period_kind from fct_noise_period r inner join fct_noise_hour h
               using (point_id, noise_date, period_kind, maturity)
               where not r.is_compliant group by all having avg(h.valid_leq_db) <= max(r.limit_db)""",
            _PERIOD,
        ),
        "exceeds by the energy mean although the arithmetic mean of its hours does not",
        (("noise_date", "date"), ("period_kind", "varchar"), ("leq_db", "double")),
    ),
    "noise_zone_change": Kind(
        ("fct_noise_period",),
        f"""
        with told as (
            select r.zone_code = p.zone_code and r.limit_db = p.limit_db and r.is_compliant = p.is_compliant as is_right
            from planted p inner join fct_noise_period r on {_PERIOD})
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) as falsely_found from told""",
        "zone, limit and judgement on both sides of the day on which the zone changed",
        (("noise_date", "date"), ("period_kind", "varchar"), ("zone_code", "varchar"), ("limit_db", "double"), ("is_compliant", "boolean"),
         ("leq_db", "double")),
    ),
    "noise_weather_hour": Kind(
        ("fct_noise_hour",),
        _both_ways(
            "select point_id, observed_at from fct_noise_hour where is_weather_excluded and valid_leq_db is null and leq_db is not null",
            "p.point_id = r.point_id and p.observed_at = r.observed_at",
        ),
        "an hour of rain or wind keeps its level and is left out of the statistics",
    ),
    "noise_second_hour": Kind(
        ("fct_noise_second_hour",),
        """
        with told as (
            select abs(r.leq_db - p.leq_db) < 0.0006 and r.is_consistent = p.is_consistent as is_right
            from planted p inner join fct_noise_second_hour r on p.point_id = r.point_id and p.observed_at = r.observed_at)
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) as falsely_found from told""",
        "energy mean of 3,600 levels; a station that averages decibels arithmetically is told",
        (("leq_db", "double"), ("is_consistent", "boolean")),
    ),
    "noise_night_run": Kind(
        ("fct_early_warning",),
        _both_ways(
            "select subject_id, started_at, ended_at from fct_early_warning where warning_kind = 'noise_night_run'",
            "p.point_id = r.subject_id and p.started_at = r.started_at and p.ended_at = r.ended_at",
        ),
        "a warning from the first to the last of three or more nights in a row",
        (("started_at", "timestamp"), ("ended_at", "timestamp")),
    ),
    "noise_permit_check": Kind(
        ("fct_noise_complaint",),
        _both_ways(
            "select case_id, permit_check, permit_no from fct_noise_complaint where permit_check <> 'no_permit' or site_name like '演示夜间工地%'",
            "p.case_id = r.case_id and p.permit_check = r.permit_check and p.permit_no is not distinct from r.permit_no",
        ),
        "a complaint inside a permitted window is marked with its permit; outside, revoked and without permit are told apart",
        (("permit_check", "varchar"),),
    ),
    "noise_hotspot": Kind(
        ("rpt_noise_hotspot",),
        _both_ways(
            "select subject_id, site_name, month from rpt_noise_hotspot where hotspot_kind = 'site' and is_hotspot",
            "p.town_code = r.subject_id and p.site_name = r.site_name and p.month = r.month",
        ),
        "a site with complaints outside its windows, of as many as the seed says in a month",
        (("town_code", "varchar"), ("site_name", "varchar"), ("month", "date")),
    ),
}  # fmt: skip
