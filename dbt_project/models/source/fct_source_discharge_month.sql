-- grain: outlet_id × factor_code × month
-- tonnes by continuous monitoring: the amount told with the hour, else measured mean times flow of the hour; an hour
-- without either adds nothing and is counted as missing. Amounts of substituted hours are not made here.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'int_source_hour', 'label_zh': '小时值与流量', 'on': {'outlet_id': 'outlet_id',
        'factor_code in': "concat(factor_code, ',w00000,a00000')", 'month': 'month'}}]}) }}
with flows as (
    select h.outlet_id, h.observed_at, h.measured_value as flow_m3_h
    from {{ ref('int_source_hour') }} as h
    where h.factor_code in ('w00000', 'a00000')
),

hours as (
    select
        h.outlet_id, h.factor_code, h.month, o.site_code, o.medium,
        coalesce(
            h.amount_value,
            case f.unit
                when 'mg_l' then {{ mul(mul('h.measured_value', 'w.flow_m3_h', 6), '0.001', 12) }}
                when 'mg_m3' then {{ mul(mul('h.measured_value', 'w.flow_m3_h', 6), '0.000001', 12) }}
            end) as emission_kg,
        coalesce(d.is_stop, false) as is_stop
    from {{ ref('int_source_hour') }} as h
    inner join {{ ref('dim_outlet') }} as o on h.outlet_id = o.outlet_id
    inner join {{ ref('dim_factor') }} as f on h.factor_code = f.factor_code and f.unit in ('mg_l', 'mg_m3')
    left join flows as w on h.outlet_id = w.outlet_id and h.observed_at = w.observed_at
    left join {{ ref('hj212_data_flag') }} as d on coalesce(h.flag_device, 'N') = d.flag
)

select
    outlet_id, site_code, medium, factor_code, month,
    cast({{ ratio('sum(case when is_stop then 0 else emission_kg end)', '1000', 6, 12) }} as decimal(18, 6)) as discharge_t,
    count(*) as hour_count,
    cast(sum(case when emission_kg is not null or is_stop then 1 else 0 end) as bigint) as told_hour_count
from hours
group by outlet_id, site_code, medium, factor_code, month
