-- grain: subject_id × period
-- a gas outlet, month by month: which permitted factors are monitored, which are not, what came of the hours
with months as (
    select
        c.outlet_id, c.site_code, c.month,
        count(case when c.is_permitted then 1 end) as permitted_count,
        count(case when c.is_permitted and c.is_monitored then 1 end) as monitored_count,
        count(case when c.is_permitted and c.factor_group = 'characteristic' then 1 end) as characteristic_permitted_count,
        count(case when c.is_permitted and c.is_monitored and c.factor_group = 'characteristic' then 1 end) as characteristic_monitored_count,
        {{ join_text("case when c.is_permitted and not c.is_monitored then f.name_zh end", '、') }} as missing_factors_zh,
        {{ join_text("case when not c.is_permitted then f.name_zh end", '、') }} as unpermitted_factors_zh,
        cast(sum(c.judged_hour_count) as bigint) as judged_hour_count, cast(sum(c.exceedance_hour_count) as bigint) as exceedance_hour_count,
        cast(sum(c.exempt_hour_count) as bigint) as exempt_hour_count, {{ worst_status('c.status') }} as status
    from {{ ref('fct_stack_coverage') }} as c
    left join {{ ref('dim_factor') }} as f on c.factor_code = f.factor_code
    group by c.outlet_id, c.site_code, c.month
)

select
    'stack_factor_coverage_pct' as indicator_code, m.outlet_id as subject_id, o.name_zh as outlet_name_zh, s.enterprise_name, s.town_code, s.town_name_zh,
    'month' as period_type, {{ period_label('m.month', 'month') }} as period,
    m.permitted_count, m.monitored_count, cast({{ ratio('m.monitored_count * 100', 'm.permitted_count', 6) }} as decimal(18, 6)) as coverage_pct,
    m.characteristic_permitted_count, m.characteristic_monitored_count, m.missing_factors_zh, m.unpermitted_factors_zh,
    m.judged_hour_count, m.exceedance_hour_count, m.exempt_hour_count, m.status
from months as m
left join {{ ref('dim_outlet') }} as o on m.outlet_id = o.outlet_id
left join {{ ref('dim_site') }} as s on m.site_code = s.site_code
