-- grain: outlet_id × factor_code × date_day × compliance_statistic
-- daily figures: waste water by the flow-weighted mean of its valid hours, gas by their plain mean where the permit
-- says daily mean; the figure in force at the start of the day
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'int_source_hour', 'label_zh': '小时值与流量', 'on': {'outlet_id': 'outlet_id',
        'date_day': 'date_day', 'factor_code in': "concat(factor_code, ',w00000')"}},
    {'parent': 'dim_permit_limit', 'label_zh': '许可限值', 'on': {'outlet_id': 'outlet_id', 'factor_code': 'factor_code'}}],
    'clause': "'permit_reg_17'"}) }}
with limits as (
    select * from {{ ref('dim_permit_limit') }} where compliance_statistic = 'daily_mean'
),

flows as (
    select h.outlet_id, h.observed_at, h.measured_value as flow_m3_h
    from {{ ref('int_source_hour') }} as h
    where h.factor_code = 'w00000'
),

hours as (
    select
        h.outlet_id, h.factor_code, h.date_day, o.site_code, o.medium, l.permit_no, l.compliance_statistic, l.limit_value,
        l.limit_unit, l.conversion, h.observed_at,
        case when l.conversion = 'reference_oxygen' then h.converted_value else h.measured_value end as hour_value,
        w.flow_m3_h, h._load_id, h._row_no, h.source,
        coalesce(f.is_stop, false) as is_stop,
        h.flag_human is null and not coalesce(f.excludes_judgement, false)
            and not {{ is_named_in('f.flag_code', 'l.exempt_states') }} as is_counted
    from {{ ref('int_source_hour') }} as h
    inner join {{ ref('dim_outlet') }} as o on h.outlet_id = o.outlet_id
    inner join limits as l
        on h.outlet_id = l.outlet_id and h.factor_code = l.factor_code
        and cast(h.date_day as timestamp) >= l.valid_from_at
        and (l.valid_to_at is null or cast(h.date_day as timestamp) < l.valid_to_at)
    left join flows as w on h.outlet_id = w.outlet_id and h.observed_at = w.observed_at
    left join {{ ref('hj212_data_flag') }} as f on coalesce(h.flag_device, 'N') = f.flag
),

sums as (
    select
        outlet_id, factor_code, date_day, site_code, medium, permit_no, compliance_statistic, limit_value, limit_unit, conversion,
        count(*) as hour_count,
        sum(case when is_counted and hour_value is not null then 1 else 0 end) as valid_hour_count,
        sum(case when is_counted and hour_value is not null and flow_m3_h is not null then 1 else 0 end) as weighted_hour_count,
        sum(case when is_stop then 1 else 0 end) as stop_hour_count,
        sum(case when is_counted and hour_value is not null then flow_m3_h end) as flow_m3,
        sum(case when is_counted then {{ mul('hour_value', 'flow_m3_h') }} end) as load_g,
        sum(case when is_counted then hour_value end) as value_sum,
        min(source) as source
    from hours
    group by
        outlet_id, factor_code, date_day, site_code, medium, permit_no, compliance_statistic, limit_value, limit_unit, conversion
),

means as (
    select
        s.*, r.value as min_hours,
        case
            when s.conversion = 'base_drainage' then null
            when r.value is not null and s.valid_hour_count < r.value then null
            when s.medium = 'wastewater' then cast({{ ratio('s.load_g', 's.flow_m3', 6, 12) }} as decimal(18, 6))
            else cast({{ ratio('s.value_sum', 's.valid_hour_count', 6) }} as decimal(18, 6))
        end as judged_value
    from sums as s
    left join {{ ref('source_rule') }} as r
        on r.rule = 'day_min_hours' and r.medium = s.medium and {{ in_force('s.date_day', 'r.') }}
)

select
    outlet_id, site_code, medium, factor_code, date_day,
    {{ month_of('date_day') }} as month,
    compliance_statistic, permit_no, judged_value, limit_value, limit_unit, conversion,
    case
        when limit_value is null or judged_value is null then 'not_evaluated'
        when judged_value > limit_value then 'exceedance'
        else 'compliant'
    end as judgement,
    case when judged_value > limit_value and limit_value > 0
        then cast({{ ratio('judged_value - limit_value', 'limit_value', 6) }} as decimal(18, 6)) end as exceedance_multiple,
    cast(flow_m3 as decimal(18, 6)) as flow_m3,
    cast(hour_count as bigint) as hour_count,
    cast(valid_hour_count as bigint) as valid_hour_count,
    cast(weighted_hour_count as bigint) as weighted_hour_count,
    cast(stop_hour_count as bigint) as stop_hour_count,
    case
        when limit_value is null then '未评价（缺限值）'
        when conversion = 'base_drainage' then '未评价（缺基准排水量数据）'
        when valid_hour_count = 0 then '未评价（无有效小时）'
        when min_hours is not null and valid_hour_count < min_hours then '未评价（有效小时不足）'
        when medium = 'wastewater' and weighted_hour_count = 0 then '未评价（缺流量）'
        when judged_value is null then '未评价（当日无排水）'
    end as reason_zh,
    source
from means
