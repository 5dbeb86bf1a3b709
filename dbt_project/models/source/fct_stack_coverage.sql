-- grain: outlet_id × factor_code × month
-- factors of a gas outlet: permitted in the month, monitored in the month, or both; with what became of its hours and its tonnes
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'dim_permit_limit', 'label_zh': '许可限值', 'on': {'outlet_id': 'outlet_id', 'factor_code': 'factor_code'}},
    {'parent': 'int_source_hour', 'label_zh': '小时记录', 'on': {'outlet_id': 'outlet_id', 'factor_code': 'factor_code', 'month': 'month'}}],
    'clause': "'stack_coverage'"}) }}
with months as (
    select distinct month, {{ add_months('month', 1) }} as next_month from {{ ref('int_source_hour') }}
),

permitted as (
    select distinct m.month, p.outlet_id, p.site_code, p.factor_code
    from months as m
    inner join {{ ref('dim_permit_limit') }} as p
        on p.valid_from_at < cast(m.next_month as timestamp) and (p.valid_to_at is null or p.valid_to_at > cast(m.month as timestamp))
    where p.medium = 'gas' and p.compliance_statistic in ('hourly_mean', 'daily_mean', 'single_value', 'range')
),

heard as (
    select
        h.month, h.outlet_id, o.site_code, h.factor_code, count(*) as hour_count,
        count(case when coalesce(f.is_valid_data, true) and h.flag_human is null and coalesce(h.measured_value, h.converted_value) is not null then 1 end)
            as valid_hour_count
    from {{ ref('int_source_hour') }} as h
    inner join {{ ref('dim_outlet') }} as o on h.outlet_id = o.outlet_id and o.medium = 'gas'
    inner join {{ ref('dim_factor') }} as x on h.factor_code = x.factor_code and x.unit = 'mg_m3'
    left join {{ ref('hj212_data_flag') }} as f on coalesce(h.flag_device, 'N') = f.flag
    group by h.month, h.outlet_id, o.site_code, h.factor_code
),

judged as (
    select
        outlet_id, factor_code, month,
        count(case when judgement in ('compliant', 'exceedance') then 1 end) as judged_hour_count,
        count(case when judgement = 'exceedance' then 1 end) as exceedance_hour_count,
        count(case when judgement in ('exempt', 'excluded') then 1 end) as exempt_hour_count
    from {{ ref('fct_source_hour_judgement') }}
    where medium = 'gas'
    group by outlet_id, factor_code, month
),

joined as (
    select
        coalesce(p.outlet_id, h.outlet_id) as outlet_id, coalesce(p.site_code, h.site_code) as site_code,
        coalesce(p.factor_code, h.factor_code) as factor_code, coalesce(p.month, h.month) as month,
        p.outlet_id is not null as is_permitted, coalesce(h.hour_count, 0) as hour_count, coalesce(h.valid_hour_count, 0) as valid_hour_count
    from permitted as p
    full outer join heard as h on p.outlet_id = h.outlet_id and p.factor_code = h.factor_code and p.month = h.month
)

select
    j.outlet_id, j.site_code, j.factor_code, coalesce(g.factor_group, 'characteristic') as factor_group, j.month,
    j.is_permitted, j.valid_hour_count >= r.value as is_monitored, j.hour_count, j.valid_hour_count,
    coalesce(k.judged_hour_count, 0) as judged_hour_count, coalesce(k.exceedance_hour_count, 0) as exceedance_hour_count,
    coalesce(k.exempt_hour_count, 0) as exempt_hour_count, d.discharge_t,
    case
        when j.is_permitted and j.valid_hour_count = 0 then '许可因子未监测'
        when j.is_permitted and j.valid_hour_count < r.value then '许可因子有效小时过少，视同未监测'
        when not j.is_permitted then '有监测而许可无此因子限值'
    end as gap_zh,
    coalesce(g.status, 'illustrative') as status
from joined as j
left join {{ ref('stack_factor_group') }} as g on j.factor_code = g.factor_code and {{ in_force('j.month', 'g.') }}
left join {{ ref('stack_rule') }} as r on r.rule = 'min_valid_hours' and {{ in_force('j.month', 'r.') }}
left join judged as k on j.outlet_id = k.outlet_id and j.factor_code = k.factor_code and j.month = k.month
left join {{ ref('fct_source_discharge_month') }} as d on j.outlet_id = d.outlet_id and j.factor_code = d.factor_code and j.month = d.month
