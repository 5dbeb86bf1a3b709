-- grain: risk_no
-- Each risk source in force at as_of against the nearest fixed point and the quickest monitoring team: straight distance ×
-- detour ÷ speed, and the team's time to turn out. Minutes allowed, speed and detour are seeds; without them nothing is judged.
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'stg_emergency_risk_source', 'label_zh': '风险源', 'on': {'risk_no': 'risk_no', '_load_id': '_load_id', '_row_no': '_row_no'}},
    {'parent': 'stg_emergency_plan', 'label_zh': '预案', 'on': {'risk_no': 'risk_no'}}]}) }}
with rules as (
    select rule, risk_level, value, status from {{ ref('emergency_rule') }}
    where scheme_mode = '{{ var("scheme_mode") }}' and {{ in_force(date_of(as_of())) }}
),

general as (
    select
        max(case when rule = 'travel_speed_km_h' then value end) as travel_speed_km_h,
        max(case when rule = 'detour_factor' then value end) as detour_factor
    from rules
),

risks as (
    {{ latest_by_key("(select * from " ~ ref('stg_emergency_risk_source') ~ " where " ~ in_force(date_of(as_of())) ~ ") as r",
        ['risk_no'], ['valid_from desc', '_load_id desc', '_row_no desc']) }}
),

points as (
    {{ latest_by_key("(select * from " ~ ref('dim_point') ~ " where medium = 'emergency' and " ~ in_force(date_of(as_of())) ~ ") as p",
        ['point_id'], ['valid_from desc', 'name_zh asc']) }}
),

teams as (
    {{ latest_by_key("(select * from " ~ ref('stg_emergency_team') ~ " where " ~ in_force(date_of(as_of())) ~ ") as t",
        ['team_no'], ['valid_from desc', '_load_id desc', '_row_no desc']) }}
),

to_points as (
    select
        r.risk_no, p.point_id, p.point_code,
        {{ distance_m('r.longitude', 'r.latitude', 'p.longitude', 'p.latitude') }} as distance_m
    from risks as r
    cross join points as p
),

to_teams as (
    select
        r.risk_no, t.team_no, t.turnout_minutes,
        {{ distance_m('r.longitude', 'r.latitude', 't.longitude', 't.latitude') }} as distance_m
    from risks as r
    cross join teams as t
    where t.team_kind = '监测'
),

timed_points as (
    select
        d.risk_no, d.point_id, d.point_code, d.distance_m,
        cast({{ ratio(mul('d.distance_m', 'g.detour_factor', 6) ~ ' * 60', 'g.travel_speed_km_h * 1000', 6) }} as decimal(18, 6)) as travel_minutes
    from to_points as d
    cross join general as g
),

timed_teams as (
    select
        d.risk_no, d.team_no, d.distance_m,
        cast(d.turnout_minutes
            + {{ ratio(mul('d.distance_m', 'g.detour_factor', 6) ~ ' * 60', 'g.travel_speed_km_h * 1000', 6) }} as decimal(18, 6)) as response_minutes
    from to_teams as d
    cross join general as g
),

nearest_point as (
    {{ latest_by_key('timed_points', ['risk_no'], ['distance_m asc', 'point_id asc']) }}
),

quickest_team as (
    {{ latest_by_key('timed_teams', ['risk_no'], ['response_minutes asc', 'distance_m asc', 'team_no asc']) }}
),

plans as (
    {{ latest_by_key("(select * from " ~ ref('stg_emergency_plan') ~ " where filed_date <= " ~ date_of(as_of()) ~ ") as f",
        ['risk_no'], ['valid_to desc', 'filed_date desc', 'plan_no desc']) }}
),

joined as (
    select
        r.risk_no, r.name_zh, r.site_code, r.town_code, r.risk_level, r.substance_zh, r.longitude, r.latitude, r._load_id, r._row_no,
        p.point_id, p.distance_m as point_distance_m, p.travel_minutes as point_travel_minutes,
        q.team_no, q.distance_m as team_distance_m, q.response_minutes,
        l.value as reach_minutes, coalesce(l.status, 'unverified') as status,
        f.plan_no, f.valid_to as plan_valid_to,
        f.plan_no is not null and f.valid_to > {{ date_of(as_of()) }} as is_plan_in_force,
        f.point_code as plan_point_code, f.team_no as plan_team_no, tp.travel_minutes as plan_point_minutes,
        tt.response_minutes as plan_team_minutes
    from risks as r
    left join nearest_point as p on r.risk_no = p.risk_no
    left join quickest_team as q on r.risk_no = q.risk_no
    left join rules as l on l.rule = 'reach_minutes' and l.risk_level in (r.risk_level, '*')
    left join plans as f on r.risk_no = f.risk_no
    left join timed_points as tp on r.risk_no = tp.risk_no and f.point_code = tp.point_code
    left join timed_teams as tt on r.risk_no = tt.risk_no and f.team_no = tt.team_no
)

select
    risk_no, name_zh, site_code, town_code, risk_level, substance_zh, longitude, latitude,
    point_id,
    cast({{ ratio('point_distance_m', '1000', 6) }} as decimal(18, 6)) as point_distance_km,
    point_travel_minutes, team_no,
    cast({{ ratio('team_distance_m', '1000', 6) }} as decimal(18, 6)) as team_distance_km,
    response_minutes, reach_minutes,
    case when reach_minutes is not null then coalesce(point_travel_minutes <= reach_minutes, false) end as is_point_in_reach,
    case when reach_minutes is not null then coalesce(response_minutes <= reach_minutes, false) end as is_team_in_reach,
    case
        when reach_minutes is not null
            then coalesce(point_travel_minutes <= reach_minutes, false) and coalesce(response_minutes <= reach_minutes, false)
    end as is_covered,
    plan_no, plan_valid_to, coalesce(is_plan_in_force, false) as is_plan_in_force, plan_team_no, plan_team_minutes,
    nullif(concat(
        case when reach_minutes is null then '未评价（缺标准）；' else '' end,
        case when reach_minutes is null then '' when point_id is null then '没有应急监测点；'
            when point_travel_minutes > reach_minutes then '时限内没有应急监测点；' else '' end,
        case when reach_minutes is null then '' when team_no is null then '没有监测队伍；'
            when response_minutes > reach_minutes then '时限内没有监测队伍；' else '' end,
        case when plan_no is null then '没有预案；' when not is_plan_in_force then '预案已过期；' else '' end,
        case when is_plan_in_force and plan_team_minutes is null then '预案指定的队伍不在册；' else '' end,
        case when is_plan_in_force and plan_point_minutes is null then '预案指定的监测点不在册；' else '' end
    ), '') as gap_zh,
    status, _load_id, _row_no
from joined
