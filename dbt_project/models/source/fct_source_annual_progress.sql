-- grain: outlet_id × factor_code × year
-- tonnes of the year so far against the yearly figure of the permit in force on its first day of the year or of effect
with limits as (
    select
        outlet_id, factor_code, permit_no, limit_value as limit_t, valid_from_at, valid_to_at
    from {{ ref('dim_permit_limit') }}
    where compliance_statistic = 'annual_tonnes'
),

years as (
    select
        outlet_id, site_code, medium, factor_code, {{ year_of('month') }} as year, sum(discharge_t) as discharge_t,
        max(month) as last_month, sum(hour_count) as hour_count, sum(told_hour_count) as told_hour_count
    from {{ ref('fct_source_discharge_month') }}
    group by outlet_id, site_code, medium, factor_code, {{ year_of('month') }}
)

select
    y.outlet_id, y.site_code, y.medium, y.factor_code, y.year, l.permit_no, cast(y.discharge_t as decimal(18, 6)) as discharge_t,
    l.limit_t, cast({{ ratio('y.discharge_t * 100', 'l.limit_t', 6) }} as decimal(18, 6)) as used_pct,
    case when l.limit_t is null then 'not_evaluated' when y.discharge_t > l.limit_t then 'exceedance' else 'within' end as judgement,
    y.last_month, cast(y.hour_count as bigint) as hour_count, cast(y.told_hour_count as bigint) as told_hour_count,
    case when l.limit_t is null then '未评价（缺年许可量）' end as reason_zh
from years as y
left join (
    select *, row_number() over (partition by outlet_id, factor_code, permit_no order by valid_from_at desc) as rank_in_outlet from limits
) as l
    on y.outlet_id = l.outlet_id and y.factor_code = l.factor_code
    and l.valid_from_at <= cast(y.last_month as timestamp) and (l.valid_to_at is null or l.valid_to_at > cast(y.last_month as timestamp))
