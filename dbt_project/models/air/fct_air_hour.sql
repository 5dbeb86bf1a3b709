-- grain: point_id × observed_at
-- In the maturity chosen for its day and under the rule in force on its day.
{{ config(contract={'enforced': true}, meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'int_air_hour', 'label_zh': '逐时浓度', 'on': {'point_id': 'point_id', 'air_date': 'air_date'}},
    {'parent': 'int_air_day', 'label_zh': '点位日统计', 'on': {'point_id': 'point_id', 'air_date': 'air_date'}},
    {'parent': 'fct_reading', 'label_zh': '发布的 AQI', 'on': {
        'point_id': 'point_id', 'observed_at': 'observed_at', 'statistic': "'published_aqi'"}}]}) }}
{%- set items = [
    ['iaqi_so2', 'SO2', 'mean_1h', 'so2_ug_m3'], ['iaqi_no2', 'NO2', 'mean_1h', 'no2_ug_m3'],
    ['iaqi_co', 'CO', 'mean_1h', 'co_mg_m3'], ['iaqi_o3', 'O3', 'mean_1h', 'o3_ug_m3'],
    ['iaqi_pm10', 'PM10', 'mean_1h', 'pm10_ug_m3'], ['iaqi_pm25', 'PM2_5', 'mean_1h', 'pm25_ug_m3']] %}
with rules as (
    {{ air_rules(['primary_min_aqi']) }}
),

hours as (
    select h.*, g.regime, g.clause_id, r.primary_min_aqi
    from {{ ref('int_air_hour') }} as h
    inner join {{ ref('air_regime') }} as g on {{ in_force('h.air_date', 'g.') }}
    inner join {{ ref('int_air_day') }} as d
        on h.point_id = d.point_id and h.air_date = d.air_date and h.maturity = d.maturity and g.regime = d.regime
        and d.is_chosen
    inner join rules as r on g.regime = r.regime
),

told as (
    {%- for i in items %}
    select regime, month, '{{ i[1] }}' as factor_code, '{{ i[2] }}' as statistic, {{ i[3] }} as concentration from hours
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

lookup as (
    {{ air_iaqi('told', 'hour') }}
),

published as (
    {{ effective_reading('evaluation', "statistic = 'published_aqi'") }}
),

indexed as (
    select
        h.*,
        {%- for i in items %}
        {{ i[0] }}.iaqi as {{ i[0] }},
        {%- endfor %}
        greatest({% for i in items %}{{ i[0] }}.iaqi{{ ', ' if not loop.last }}{% endfor %}) as aqi
    from hours as h
    {{ air_iaqi_joins(items, 'lookup', 'h') }}
)

select
    i.point_id, i.observed_at, i.air_date, i.hour_no, i.month, i.regime, i.maturity,
    i.so2_ug_m3, i.no2_ug_m3, i.co_mg_m3, i.o3_ug_m3, i.pm10_ug_m3, i.pm25_ug_m3,
    cast(case when i.o3_8h_count >= w.o3_window_min_hours then {{ ratio('i.o3_8h_sum_ug_m3', 'i.o3_8h_count', 6) }} end as decimal(18, 6))
        as o3_8h_ug_m3,
    i.iaqi_so2, i.iaqi_no2, i.iaqi_co, i.iaqi_o3, i.iaqi_pm10, i.iaqi_pm25,
    i.aqi,
    c.level_no, c.category_zh,
    {{ air_primary([['PM2_5', 'i.iaqi_pm25'], ['PM10', 'i.iaqi_pm10'], ['O3', 'i.iaqi_o3'], ['NO2', 'i.iaqi_no2'],
        ['SO2', 'i.iaqi_so2'], ['CO', 'i.iaqi_co']], 'i.aqi', 'i.primary_min_aqi') }} as primary_factor,
    cast(p.value as bigint) as published_aqi,
    i.clause_id
from indexed as i
inner join ({{ air_rules(['o3_window_min_hours']) }}) as w on i.regime = w.regime
left join {{ ref('air_aqi_category') }} as c on i.aqi >= c.aqi_low and i.aqi <= c.aqi_high
left join published as p on i.point_id = p.point_id and i.observed_at = p.observed_at
