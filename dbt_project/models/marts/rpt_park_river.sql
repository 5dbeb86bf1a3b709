-- grain: subject_id × to_point_id × factor_code × period × maturity
-- a pair of stations beside a park, month by month: lagged difference and suspected discharges
with months as (
    select
        from_point_id, to_point_id, park_code, town_code, factor_code, month, maturity, max(travel_hours) as travel_hours,
        count(*) as hour_count, count(difference) as paired_hour_count,
        cast({{ mean('downstream_value', 6, filter='difference is not null') }} as decimal(18, 6)) as downstream_mean_mg_l,
        cast({{ mean('upstream_value', 6, filter='difference is not null') }} as decimal(18, 6)) as upstream_mean_mg_l,
        cast({{ mean('difference', 6) }} as decimal(18, 6)) as mean_difference,
        max(difference) as max_difference, count(case when is_rise then 1 end) as rise_hour_count, max(status) as status
    from {{ ref('fct_park_river_pair') }}
    group by from_point_id, to_point_id, park_code, town_code, factor_code, month, maturity
),

events as (
    select from_point_id, to_point_id, factor_code, month, maturity, count(*) as discharge_count, max(ended_at) as last_at
    from {{ ref('fct_park_river_event') }}
    group by from_point_id, to_point_id, factor_code, month, maturity
)

select
    'park_river_difference_mg_l' as indicator_code, m.from_point_id as subject_id, p.name_zh as point_name_zh, m.to_point_id, u.name_zh as upstream_name_zh,
    m.park_code, k.name_zh as park_name_zh, m.town_code, a.name_zh as town_name_zh, m.factor_code, f.name_zh as factor_name_zh,
    'month' as period_type, {{ period_label('m.month', 'month') }} as period, m.maturity, m.travel_hours, m.hour_count, m.paired_hour_count,
    m.downstream_mean_mg_l, m.upstream_mean_mg_l, m.mean_difference, m.max_difference, m.rise_hour_count,
    coalesce(e.discharge_count, 0) as discharge_count, e.last_at, m.status
from months as m
left join events as e
    on m.from_point_id = e.from_point_id and m.to_point_id = e.to_point_id and m.factor_code = e.factor_code and m.month = e.month
    and m.maturity = e.maturity
left join {{ ref('dim_point') }} as p on m.from_point_id = p.point_id and {{ in_force('m.month', 'p.') }}
left join {{ ref('dim_point') }} as u on m.to_point_id = u.point_id and {{ in_force('m.month', 'u.') }}
left join {{ ref('dim_park') }} as k on m.park_code = k.park_code
left join {{ ref('dim_area') }} as a on m.town_code = a.area_code
left join {{ ref('dim_factor') }} as f on m.factor_code = f.factor_code
