-- grain: equipment_code × started_at
-- a state holds until the next report, at most for the seeded hours; a camera that is silent for longer is unknown
{{ config(meta={'publish': true, 'evidence': [
    {'parent': 'stg_dust_equipment_event', 'label_zh': '视频状态（暂存层）', 'on': {'equipment_code': 'equipment_code',
        'changed_at >=': 'started_at', 'changed_at <=': 'ended_at'}}]}) }}
with rules as (
    {{ rule_days('dust_rule', ['camera_hold_hours']) }}
),

events as (
    select
        e.equipment_code, e.changed_at, e.equipment_state, e._load_id, e._row_no,
        {{ add_hours('e.changed_at', 'cast(r.camera_hold_hours as int)') }} as held_until_at,
        lead(e.changed_at) over (partition by e.equipment_code order by e.changed_at) as next_at,
        r.rule_status
    from {{ ref('stg_dust_equipment_event') }} as e
    inner join rules as r on {{ date_of('e.changed_at') }} = r.rule_day
    where e.equipment_kind = 'camera'
)

select
    equipment_code, changed_at as started_at,
    greatest(changed_at, least(coalesce(next_at, {{ as_of() }}), held_until_at)) as ended_at,
    equipment_state, rule_status as status, _load_id, _row_no
from events
