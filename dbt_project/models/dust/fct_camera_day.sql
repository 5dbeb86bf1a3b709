-- grain: equipment_code × date_day
-- whole days between the first and the newest report of all cameras, from the site's start to its end
{{ config(meta={'evidence': [
    {'parent': 'int_camera_state', 'label_zh': '视频状态', 'on': {'equipment_code': 'equipment_code'}}]}) }}
with span as (
    select {{ date_of('min(started_at)') }} as first_date, {{ date_of('max(started_at)') }} as last_date from {{ ref('int_camera_state') }}
),

due as (
    select s.camera_code as equipment_code, s.dust_site_code, s.town_code, d.date_day
    from {{ ref('dim_dust_site') }} as s
    cross join span as p
    inner join {{ ref('dim_date') }} as d
        on d.date_day >= p.first_date and d.date_day < p.last_date and d.date_day >= s.started_date
        and (s.finished_date is null or d.date_day < s.finished_date)
    where s.camera_code is not null
),

parts as (
    select
        u.equipment_code, u.dust_site_code, u.town_code, u.date_day, c.equipment_state,
        case when c.started_at is not null then {{ seconds_between(
            "greatest(c.started_at, cast(u.date_day as timestamp))", "least(c.ended_at, " ~ add_hours('u.date_day', 24) ~ ")") }} end as held_seconds
    from due as u
    left join {{ ref('int_camera_state') }} as c
        on u.equipment_code = c.equipment_code and c.started_at < {{ add_hours('u.date_day', 24) }}
        and c.ended_at > cast(u.date_day as timestamp)
)

select
    equipment_code, date_day, {{ month_of('date_day') }} as month, dust_site_code, town_code,
    cast(24 * 3600 as bigint) as due_seconds,
    cast(coalesce(sum(case when equipment_state = 'online' then held_seconds end), 0) as bigint) as online_seconds,
    cast(coalesce(sum(case when equipment_state = 'offline' then held_seconds end), 0) as bigint) as offline_seconds,
    cast(24 * 3600 - coalesce(sum(held_seconds), 0) as bigint) as unknown_seconds
from parts
group by equipment_code, date_day, dust_site_code, town_code
