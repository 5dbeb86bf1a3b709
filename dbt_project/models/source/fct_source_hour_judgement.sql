-- grain: outlet_id × factor_code × observed_at × compliance_statistic
-- each hour of a pollutant against the figure in force at the START of its interval. Gas by the converted hourly mean;
-- of waste water an hour above the daily figure is a warning, never an exceedance.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'int_source_hour', 'label_zh': '小时值与氧含量', 'on': {'outlet_id': 'outlet_id',
        'factor_code in': "concat(factor_code, ',a19001')", 'observed_at': 'observed_at'}},
    {'parent': 'dim_permit_limit', 'label_zh': '许可限值', 'on': {'outlet_id': 'outlet_id', 'factor_code': 'factor_code'}}],
    'clause': "'permit_reg_17'"}) }}
with hours as (
    select h.*, o.medium, o.site_code, o.permit_no as outlet_permit_no
    from {{ ref('int_source_hour') }} as h
    inner join {{ ref('dim_outlet') }} as o on h.outlet_id = o.outlet_id
    inner join {{ ref('dim_factor') }} as f on h.factor_code = f.factor_code and f.unit in ('mg_m3', 'mg_l', 'dimensionless')
),

oxygen as (
    select outlet_id, observed_at, measured_value from {{ ref('int_source_hour') }} where factor_code = 'a19001'
),

-- an open end as a far instant: plain comparisons keep this a hash join, an OR makes it a nested loop
limits as (
    select
        outlet_id, factor_code, permit_no, compliance_statistic, limit_value, limit_low, limit_unit, conversion,
        reference_oxygen_pct, exempt_states, valid_from_at,
        coalesce(valid_to_at, cast('9999-12-31 00:00:00' as timestamp)) as ends_at
    from {{ ref('dim_permit_limit') }}
    where compliance_statistic in ('hourly_mean', 'daily_mean', 'single_value', 'range')
),

limited as (
    select
        h.*, l.permit_no, coalesce(l.compliance_statistic, 'none') as compliance_statistic, l.limit_value, l.limit_low,
        l.limit_unit, l.conversion, l.reference_oxygen_pct, l.exempt_states
    from hours as h
    left join limits as l
        on h.outlet_id = l.outlet_id and h.factor_code = l.factor_code
        and h.interval_start_at >= l.valid_from_at and h.interval_start_at < l.ends_at
    where l.compliance_statistic is null or h.medium = 'wastewater' or l.compliance_statistic <> 'daily_mean'
),

valued as (
    select
        l.*,
        case
            when l.conversion = 'reference_oxygen' then coalesce(
                l.converted_value,
                case when oxygen.measured_value < air.value then cast({{ ratio(
                    mul('l.measured_value', '(air.value - l.reference_oxygen_pct)', 12), 'air.value - oxygen.measured_value', 6, 12) }} as decimal(18, 6)) end)
            when l.conversion = 'base_drainage' then null
            else l.measured_value
        end as judged_value,
        case
            when l.conversion = 'reference_oxygen' and l.converted_value is not null then '折算均值（上报）'
            when l.conversion = 'reference_oxygen' then '折算均值（按含氧量计算）'
            when l.conversion = 'base_drainage' then '基准排水量折算'
            else '实测均值'
        end as value_basis_zh
    from limited as l
    left join oxygen on l.outlet_id = oxygen.outlet_id and l.observed_at = oxygen.observed_at
    left join {{ ref('source_rule') }} as air
        on air.rule = 'oxygen_in_air_pct' and {{ in_force('l.date_day', 'air.') }}
),

judged as (
    select
        v.*, f.state as flag_state, f.meaning_zh as flag_meaning_zh, f.is_stop,
        case
            when coalesce(v.limit_value, v.limit_low) is null then 'not_evaluated'
            when {{ is_named_in('f.flag_code', 'v.exempt_states') }} then 'exempt'
            when v.flag_human is not null or f.excludes_judgement then 'excluded'
            when v.judged_value is null then 'not_evaluated'
            when v.judged_value > v.limit_value or v.judged_value < v.limit_low
                then case when v.medium = 'wastewater' and v.compliance_statistic = 'daily_mean' then 'warning' else 'exceedance' end
            else 'compliant'
        end as judgement
    from valued as v
    left join {{ ref('hj212_data_flag') }} as f on coalesce(v.flag_device, 'N') = f.flag
)

select
    outlet_id, site_code, medium, factor_code, observed_at, interval_start_at, date_day, month, compliance_statistic, permit_no,
    judged_value, value_basis_zh, measured_value, converted_value, limit_value, limit_low, limit_unit, conversion,
    reference_oxygen_pct, flag_device, coalesce(is_stop, false) as is_stop, judgement,
    case
        when judgement in ('exceedance', 'warning') and limit_value > 0 and judged_value > limit_value
            then cast({{ ratio('judged_value - limit_value', 'limit_value', 6) }} as decimal(18, 6))
    end as exceedance_multiple,
    case
        when coalesce(limit_value, limit_low) is null then '未评价（缺限值）'
        when judgement = 'exempt' then concat('豁免工况：', flag_meaning_zh)
        when judgement = 'excluded' then concat('不参加判定：', coalesce(flag_human, flag_meaning_zh))
        when judgement = 'not_evaluated' and conversion = 'base_drainage' then '未评价（缺基准排水量数据）'
        when judgement = 'not_evaluated' and conversion = 'reference_oxygen' then '未评价（缺折算浓度与含氧量）'
        when judgement = 'not_evaluated' then '未评价（无有效值）'
        when judgement = 'warning' then '小时值高于日均限值，预警'
    end as reason_zh,
    source, _load_id, _row_no
from judged
