-- grain: one row: our exceedance % against the regulator's own
-- compared are the rows for which the regulator published a percentage; a row where only one of the two says
-- "exceeded" is counted beside them
select
    count(*) as rows_told,
    sum(case when published_exceedance_pct is not null then 1 else 0 end) as exceedance_compared,
    sum(case when published_exceedance_pct = exceedance_pct then 1 else 0 end) as equal,
    sum(case when published_exceedance_pct is null and exceedance_pct is not null then 1 else 0 end) as only_ours,
    sum(case when published_exceedance_pct is not null and exceedance_pct is null then 1 else 0 end) as only_published,
    sum(case when judgement = 'compliant' then 1 else 0 end) as compliant,
    sum(case when judgement = 'no_data' then 1 else 0 end) as no_data,
    sum(case when judgement = 'no_value' then 1 else 0 end) as no_value,
    sum(case when judgement = 'no_limit' then 1 else 0 end) as no_limit,
    sum(case when limit_side = 'lower' then 1 else 0 end) as lower_limits,
    (
        select cast(to_json(list({'permit': npdes_id, 'parameter': parameter_name, 'period_end': cast(monitoring_period_end_date as varchar),
            'limit': cast(limit_value as varchar), 'value': cast(dmr_value as varchar), 'ours': cast(exceedance_pct as varchar),
            'published': cast(published_exceedance_pct as varchar)} order by npdes_id, parameter_name, monitoring_period_end_date, dmr_value_id)) as varchar)
        from fct_permit_dmr
        where coalesce(published_exceedance_pct, -1) <> coalesce(exceedance_pct, -1)
    ) as unequal_json
from fct_permit_dmr
