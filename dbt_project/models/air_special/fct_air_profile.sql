-- grain: station_code × height_m × maturity × observed_at
-- every layer in force stands in every hour in which its station told anything; a difference is never taken over a gap
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '各层读数', 'on': {
        'point_id >=': "concat('air_profile:', station_code, '-')", 'point_id <': "concat('air_profile:', station_code, '.')",
        'observed_at': 'observed_at', 'maturity': 'maturity', 'statistic': "'mean'", 'averaging_minutes': '60'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "averaging_minutes = 60 and statistic = 'mean'
        and substr(point_id, 1, 12) = 'air_profile:'", ['maturity']) }}
),

hours as (
    select distinct l.station_code, e.maturity, e.observed_at, e.month
    from effective as e
    inner join {{ ref('dim_air_profile_layer') }} as l
        on e.point_id = l.point_id and {{ in_force(day_of_interval('e.observed_at'), 'l.') }}
),

wide as (
    select
        point_id, maturity, observed_at,
        max(case when factor_code = 'MET_TEMP' then effective_value end) as temperature_deg_c,
        max(case when factor_code = 'MET_WS' then effective_value end) as wind_speed_m_s,
        max(case when factor_code = 'EXT_532' then effective_value end) as extinction_per_km
    from effective
    group by point_id, maturity, observed_at
),

layered as (
    select
        h.station_code, l.point_id, l.instrument, l.height_m, l.is_for_inversion, h.maturity, h.observed_at, h.month,
        w.temperature_deg_c, w.wind_speed_m_s, w.extinction_per_km,
        case l.key_factor_code when 'MET_TEMP' then w.temperature_deg_c when 'EXT_532' then w.extinction_per_km end as key_value
    from hours as h
    inner join {{ ref('dim_air_profile_layer') }} as l
        on h.station_code = l.station_code and {{ in_force(day_of_interval('h.observed_at'), 'l.') }}
    left join wide as w on l.point_id = w.point_id and h.maturity = w.maturity and h.observed_at = w.observed_at
)

select
    station_code, point_id, instrument,
    cast(row_number() over (partition by station_code, maturity, observed_at order by height_m) as int) as layer_no,
    height_m, maturity, observed_at, temperature_deg_c, wind_speed_m_s, extinction_per_km,
    key_value is null as is_missing_layer,
    is_for_inversion,
    lag(height_m) over (partition by station_code, maturity, observed_at order by height_m) as lower_height_m,
    cast(temperature_deg_c - lag(temperature_deg_c) over (partition by station_code, maturity, observed_at order by height_m)
        as decimal(18, 6)) as temperature_step_deg_c,
    case when key_value is null then '该层无有效值（缺层）' end as reason_zh,
    month
from layered
