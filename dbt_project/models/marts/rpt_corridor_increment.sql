-- grain: point_id × factor_code × maturity × period_type × period
select
    case c.factor_code when 'NOX' then 'corridor_nox_increment_ug_m3' when 'BC' then 'corridor_bc_increment_ug_m3'
        when 'PM2_5' then 'corridor_pm25_increment_ug_m3' end as indicator_code,
    c.point_id as subject_id,
    p.name_zh as point_name_zh, p.town_code, c.point_id, c.factor_code, f.name_zh as factor_name_zh, f.unit_symbol,
    c.maturity, c.period_type, c.period, c.roadside_mean_value, c.background_mean_value, c.increment_mean_value,
    c.increment_share_pct, c.expected_hour_count, c.pair_hour_count, c.is_complete, c.truck_total_count,
    c.truck_pair_hour_count, c.increment_per_truck_value, c.reason_zh, c.status
from {{ ref('fct_corridor_period') }} as c
left join {{ ref('dim_factor') }} as f on c.factor_code = f.factor_code
left join {{ ref('dim_point') }} as p on c.point_id = p.point_id and {{ in_force('c.period_start_date', 'p.') }}
