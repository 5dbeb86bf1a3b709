-- grain: risk_no
-- The map of reach: each risk source, the point and the team that reach it and in how many minutes, its plan, and what is lacking
with stock as (
    select
        team_no,
        cast(count(*) as bigint) as stock_item_count,
        cast(count(case when expiry_date <= {{ date_of(as_of()) }} then 1 end) as bigint) as expired_item_count,
        cast(count(case when quantity < required_quantity then 1 end) as bigint) as short_item_count
    from {{ ref('stg_emergency_stock') }}
    group by team_no
),

teams as (
    {{ latest_by_key("(select * from " ~ ref('stg_emergency_team') ~ " where " ~ in_force(date_of(as_of())) ~ ") as t",
        ['team_no'], ['valid_from desc', '_load_id desc', '_row_no desc'], ['team_no', 'name_zh']) }}
)

select
    r.risk_no, r.name_zh as risk_name_zh, r.town_code, a.name_zh as town_name_zh, r.risk_level, r.substance_zh, r.longitude, r.latitude,
    r.point_id, r.point_distance_km, r.point_travel_minutes, r.team_no, t.name_zh as team_name_zh, r.team_distance_km,
    r.response_minutes, r.reach_minutes, r.is_point_in_reach, r.is_team_in_reach, r.is_covered, r.plan_no, r.plan_valid_to,
    r.is_plan_in_force, r.plan_team_no, r.plan_team_minutes,
    coalesce(s.stock_item_count, 0) as stock_item_count,
    coalesce(s.expired_item_count, 0) as expired_item_count,
    coalesce(s.short_item_count, 0) as short_item_count,
    r.gap_zh, r.status, r._load_id, r._row_no
from {{ ref('fct_emergency_reach') }} as r
left join {{ ref('dim_area') }} as a on r.town_code = a.area_code
left join teams as t on r.team_no = t.team_no
left join stock as s on r.team_no = s.team_no
