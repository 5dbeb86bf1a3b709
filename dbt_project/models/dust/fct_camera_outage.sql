-- grain: equipment_code × started_at
-- offline states that follow one another without a gap are one outage
{{ config(meta={'evidence': [
    {'parent': 'int_camera_state', 'label_zh': '视频状态', 'on': {'equipment_code': 'equipment_code'}}]}) }}
with rules as (
    {{ rule_days('dust_rule', ['camera_offline_limit_hours']) }}
),

marked as (
    select
        s.*,
        case
            when lag(s.equipment_state) over (partition by s.equipment_code order by s.started_at) = 'offline'
                and lag(s.ended_at) over (partition by s.equipment_code order by s.started_at) = s.started_at then 0
            else 1
        end as is_start
    from {{ ref('int_camera_state') }} as s
),

numbered as (
    select
        marked.*,
        sum(is_start) over (partition by equipment_code order by started_at rows between unbounded preceding and current row) as run_no
    from marked
    where equipment_state = 'offline'
),

runs as (
    select
        equipment_code, min(started_at) as started_at, max(ended_at) as ended_at, max(case when is_start = 1 then _load_id end) as _load_id,
        max(case when is_start = 1 then _row_no end) as _row_no
    from numbered
    group by equipment_code, run_no
),

judged as (
    select r.*, l.camera_offline_limit_hours, l.rule_status, {{ seconds_between('r.started_at', 'r.ended_at') }} as offline_seconds
    from runs as r
    inner join rules as l on {{ date_of('r.started_at') }} = l.rule_day
)

select
    j.equipment_code, j.started_at, j.ended_at, {{ month_of('j.started_at') }} as month, s.dust_site_code, s.town_code,
    cast({{ ratio('j.offline_seconds', '3600', 6) }} as decimal(18, 6)) as offline_hours,
    cast(j.camera_offline_limit_hours as decimal(18, 6)) as limit_hours,
    j.offline_seconds > j.camera_offline_limit_hours * 3600 as is_over_limit,
    j.rule_status as status, j._load_id, j._row_no
from judged as j
left join {{ ref('dim_dust_site') }} as s on j.equipment_code = s.camera_code
