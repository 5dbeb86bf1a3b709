-- grain: lake_point_id × point_id × factor_code × date_day × maturity
-- load of a tributary on a day: concentration × flow of the same reading time × the hours that a reading stands for, summed;
-- short of the seeded share of reading times there is no load, and nothing is extrapolated
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_water_item', 'label_zh': '浓度', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'maturity': 'maturity',
        'observed_at >=': 'cast(date_day as timestamp)', 'observed_at <': 'cast(date_day as timestamp) + interval 1 day'}},
    {'parent': 'fct_water_item', 'label_zh': '流量', 'on': {'point_id': 'point_id', 'factor_code': "'w00000'", 'maturity': 'maturity',
        'observed_at >=': 'cast(date_day as timestamp)', 'observed_at <': 'cast(date_day as timestamp) + interval 1 day'}}],
    'clause': "'water_network_own'"}) }}
with slots as (
    select
        l.from_point_id as lake_point_id, c.point_id, c.factor_code, {{ date_of('c.observed_at') }} as date_day, c.maturity, c.month,
        h.value as slot_hours, q.value as flow_m3_h,
        -- mg/L is g/m³: g/m³ × m³/h × h is g, a thousand of which are a kilogram
        cast({{ ratio(mul(mul('c.value', 'q.value', 6), 'h.value', 6), '1000', 6) }} as decimal(18, 6)) as slot_kg
    from {{ ref('dim_point_link') }} as l
    inner join {{ ref('fct_water_item') }} as c
        on l.to_point_id = c.point_id and {{ in_force(date_of('c.observed_at'), 'l.') }}
    inner join {{ ref('dim_factor') }} as f on c.factor_code = f.factor_code and f.unit = 'mg_l'
    {{ join_water_rule('load_slot_hours', 'h', date_of('c.observed_at')) }}
    left join {{ ref('fct_water_item') }} as q
        on c.point_id = q.point_id and q.factor_code = 'w00000' and c.observed_at = q.observed_at and c.maturity = q.maturity
    where l.link_kind = 'tributary' and h.value is not null
),

days as (
    select
        lake_point_id, point_id, factor_code, date_day, maturity, month, slot_hours,
        sum(slot_kg) as observed_load_kg, count(slot_kg) as slot_count,
        {{ ceil_exact('24', 'slot_hours') }} as expected_slot_count,
        cast({{ mean('flow_m3_h', 6) }} as decimal(18, 6)) as mean_flow_m3_h
    from slots
    group by lake_point_id, point_id, factor_code, date_day, maturity, month, slot_hours
)

select
    d.lake_point_id, d.point_id, d.factor_code, d.date_day, d.maturity,
    case when d.slot_count * 100 >= d.expected_slot_count * p.value then cast(d.observed_load_kg as decimal(18, 6)) end as load_kg,
    cast(d.observed_load_kg as decimal(18, 6)) as observed_load_kg, d.mean_flow_m3_h,
    cast(d.slot_count as bigint) as slot_count, d.expected_slot_count,
    case
        when d.slot_count * 100 < d.expected_slot_count * p.value then concat(
            '浓度与流量俱全的时次 ', cast(d.slot_count as varchar), ' 个，应有 ', cast(d.expected_slot_count as varchar), ' 个，不足规定比例')
    end as reason_zh,
    d.month
from days as d
{{ join_water_rule('load_min_pct', 'p', 'd.date_day') }}
