-- grain: case_id × event_no
-- An incident or drill replayed: the state after each entry. An entry that the procedure does not allow is kept, moves no
-- state, and is a finding for its sender.
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'int_incident_event', 'label_zh': '按时间排列的记录', 'on': {'case_id': 'case_id'}}]}) }}
with recursive walk as (
    {{ replay_walk(ref('int_incident_event'), ref('emergency_transition')) }}
)

select
    e.case_id, e.case_kind, e.event_no, e.entry_no, e.event, e.event_at, e.recorded_at, walk.from_state, walk.to_state, walk.is_legal,
    case
        when walk.is_legal then null
        else concat('状态“', walk.from_state, '”下不应发生“', e.event, '”；记录保留，状态不变')
    end as reason_zh,
    walk.clause_id, e.risk_no, e.post_zh, e.note_zh,
    {{ month_of('e.event_at') }} as month,
    e._load_id, e._row_no
from walk
inner join {{ ref('int_incident_event') }} as e on walk.case_id = e.case_id and walk.event_no = e.event_no
