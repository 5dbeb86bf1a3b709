"""How the kinds that the township stations plant are looked for in a release."""

from __future__ import annotations

from district.truth_kind import Kind

KINDS: dict[str, Kind] = {
    "air_station_swap": Kind(
        ("fct_air_day", "int_air_point_set"),
        """
        with told as (
            select p.subject_id, p.air_date,
                   d.point_ids = p.point_ids and abs(d.pm25_ug_m3 - p.pm25) < 0.00001 as is_right
            from planted p left join fct_air_day d
                on d.subject_type = 'area' and d.subject_id = p.subject_id and d.air_date = p.air_date and d.is_in_force)
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) + (
                   select count(distinct s.area_code) from int_air_point_set s
                   where s.replaced_zh is not null and not exists (
                        select 1 from planted p where p.subject_id = s.area_code)) as falsely_found
        from told""",
        "the town's days are the old station's up to the swap and the new one's from it on, neither trial run nor drift",
    ),
    "air_dust_day": Kind(
        ("ind_air", "fct_air_period"),
        """
        with told as (
            select p.subject_id, p.period, abs(w.value - p.value) < 0.00001 and abs(n.value - p.value_no_dust) < 0.00001
                       and f.excluded_day_count = p.excluded as is_right
            from planted p
            left join ind_air w on w.subject_id = p.subject_id and w.period = p.period and w.basis = 'default'
                and w.indicator_code = 'air_pm25_mean_ug_m3'
            left join ind_air n on n.subject_id = p.subject_id and n.period = p.period and n.basis = 'default_no_dust'
                and n.indicator_code = 'air_pm25_mean_ug_m3'
            left join fct_air_period f on f.subject_id = p.subject_id and f.period = p.period and f.basis = 'default_no_dust'
                and f.factor_code = 'PM2_5')
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) + (
                   select count(*) from fct_air_period f
                   where f.subject_type = 'area' and f.period_type = 'month' and f.factor_code = 'PM2_5'
                     and f.basis = 'default_no_dust' and f.excluded_day_count > 0 and not exists (
                        select 1 from planted p where p.subject_id = f.subject_id and p.period = f.period)) as falsely_found
        from told""",
        "the month's mean with and without the dust days of the register, and how many were taken out",
    ),
    "air_rank_tie": Kind(
        ("fct_air_rank",),
        """
        with told as (
            select r.subject_id, r.period, r.rank_no, r.is_tied, r.compared_value from fct_air_rank r
            where r.indicator_code = 'air_pm25_mean_ug_m3' and r.basis = 'default' and r.period_type = 'month'
              and r.rank_no is not null and r.period in (select period from planted))
        select (select count(*) from planted p inner join told t using (subject_id, period)
                where t.rank_no = p.rank_no and t.is_tied = p.is_tied and t.compared_value = p.printed) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.subject_id = t.subject_id and p.period = t.period
                    and p.rank_no = t.rank_no and p.is_tied = t.is_tied)) as falsely_found""",
        "fct_air_rank of the two months: who prints the same shares the rank, the next one is skipped",
    ),
    "air_year_on_year": Kind(
        ("fct_air_year_on_year",),
        """
        with told as (
            select y.* from fct_air_year_on_year y
            where y.period in (select period from planted) and y.indicator_code in (select indicator_code from planted)),
        matched as (
            select p.subject_id, abs(t.value - p.value) < 0.00001 and abs(t.last_year_value - p.last_year_value) < 0.00001
                       and case when p.difference is null then t.difference is null and t.reason_zh is not null
                                else coalesce(abs(t.difference - p.difference) < 0.00001, false) end as is_right
            from planted p left join told t using (subject_id, indicator_code, period, basis))
        select count(*) filter (where is_right) as found,
               count(*) filter (where not coalesce(is_right, false)) + (
                   select count(*) from told t where t.difference is not null and not exists (
                        select 1 from planted p where p.subject_id = t.subject_id and p.indicator_code = t.indicator_code
                        and p.basis = t.basis and p.difference is not null)) as falsely_found
        from matched""",
        "both sides on one basis; withheld, with the reason, where the stations or the maturity differ",
        (("difference", "double"),),
    ),
}
