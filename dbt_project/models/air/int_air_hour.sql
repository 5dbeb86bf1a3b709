-- grain: point_id × maturity × observed_at
-- 24 hours stand for every day on which the point told anything.
-- hour_no is 1 to 24: hour h is the mean of (h-1, h], so the hour ending at midnight is hour 24 of the day before.
-- An invalid value is null and its hour stays; a moving mean therefore never closes over a gap.
{{ config(meta={'publish': true, 'lookback_hours': 24, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '小时读数', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at',
        'maturity': 'maturity', 'statistic': "'mean'", 'averaging_minutes': '60'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "statistic = 'mean' and averaging_minutes = 60
        and factor_code in ('SO2', 'NO2', 'CO', 'O3', 'PM10', 'PM2_5')", ['maturity']) }}
),

-- hours made of finer readings stand on a rule of their own, whose standing they carry
made_rules as (
    {%- for name in var('fine_models') %}
    select '{{ name[4:] }}' as source, factor_code, statistic, valid_from, valid_to, status from {{ ref('fine_hour_rule') }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select cast(null as varchar) as source, factor_code, statistic, valid_from, valid_to, status
    from {{ ref('fine_hour_rule') }} where 1 = 0
    {%- endfor %}
),

ruled as (
    select e.*, case when e.effective_value is not null then coalesce(r.status, 'verified') end as hour_status
    from effective as e
    left join made_rules as r
        on e.source = r.source and e.factor_code = r.factor_code and e.statistic = r.statistic
        and {{ in_force(date_of(add_hours('e.observed_at', '-1')), 'r.') }}
),

wide as (
    select
        point_id, maturity, observed_at,
        {{ worst_status('hour_status') }} as hour_status,
        {{ date_of(add_hours('observed_at', '-1')) }} as air_date,
        max(case when factor_code = 'SO2' then effective_value end) as so2_ug_m3,
        max(case when factor_code = 'NO2' then effective_value end) as no2_ug_m3,
        max(case when factor_code = 'CO' then effective_value end) as co_mg_m3,
        max(case when factor_code = 'O3' then effective_value end) as o3_ug_m3,
        max(case when factor_code = 'PM10' then effective_value end) as pm10_ug_m3,
        max(case when factor_code = 'PM2_5' then effective_value end) as pm25_ug_m3
    from ruled
    group by point_id, maturity, observed_at
),

days as (
    select distinct point_id, maturity, air_date from wide
),

grid as (
    select
        d.point_id, d.maturity, d.air_date,
        cast(h.n + 1 as int) as hour_no,
        {{ add_hours('d.air_date', 'h.n + 1') }} as observed_at
    from days as d
    cross join ({{ numbers(24) }}) as h
)

select
    g.point_id, g.maturity, g.observed_at, g.air_date, g.hour_no,
    {{ month_of('g.air_date') }} as month,
    w.so2_ug_m3, w.no2_ug_m3, w.co_mg_m3, w.o3_ug_m3, w.pm10_ug_m3, w.pm25_ug_m3,
    sum(w.o3_ug_m3) over last_8 as o3_8h_sum_ug_m3,
    count(w.o3_ug_m3) over last_8 as o3_8h_count,
    coalesce(w.hour_status, 'verified') as hour_status
from grid as g
left join wide as w
    on g.point_id = w.point_id and g.maturity = w.maturity and g.observed_at = w.observed_at
window last_8 as (
    partition by g.point_id, g.maturity, g.air_date order by g.observed_at rows between 7 preceding and current row
)
