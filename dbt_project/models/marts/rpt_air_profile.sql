-- grain: station_code × height_m × maturity × observed_at
select
    'profile_inversion_hour_count' as indicator_code,
    concat('air_profile:', l.station_code) as subject_id,
    {{ period_label('p.month', 'month') }} as period,
    l.station_code, l.instrument, p.maturity, p.observed_at, p.layer_no, l.height_m, p.temperature_deg_c, p.wind_speed_m_s,
    p.extinction_per_km, p.is_missing_layer, p.temperature_step_deg_c, h.has_inversion, h.inversion_base_m, h.inversion_top_m,
    h.inversion_strength_deg_c, h.expected_layer_count, h.layer_count, coalesce(p.reason_zh, h.reason_zh) as reason_zh, h.status
from {{ ref('fct_air_profile') }} as p
inner join {{ ref('fct_air_profile_hour') }} as h
    on p.station_code = h.station_code and p.maturity = h.maturity and p.observed_at = h.observed_at
inner join {{ ref('dim_air_profile_layer') }} as l
    on p.station_code = l.station_code and p.height_m = l.height_m and {{ in_force(day_of_interval('p.observed_at'), 'l.') }}
