-- grain: case_id × event_no
-- one event of one case; one that the transition seed does not allow is kept and moves no state
with recursive walk as (
    {{ replay_walk(ref('int_case_event'), ref('case_transition')) }}
)

select
    e.case_id,
    e.case_kind,
    e.event_no,
    e.event,
    e.event_at,
    walk.from_state,
    walk.to_state,
    walk.is_legal,
    case
        when walk.is_legal then null
        else concat('状态“', walk.from_state, '”下不应发生“', e.event, '”；事件保留，状态不变')
    end as reason_zh,
    walk.clause_id,
    {{ month_of('e.event_at') }} as month,
    e.source,
    e._load_id,
    e._row_no
from walk
inner join {{ ref('int_case_event') }} as e
    on walk.case_id = e.case_id and walk.event_no = e.event_no
