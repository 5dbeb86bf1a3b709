-- grain: case_id × event_no
-- one event of one case; one that the transition seed does not allow is kept and moves no state
with recursive walk as (
    select
        case_id,
        cast(0 as int) as event_no,
        cast('none' as varchar) as from_state,
        cast('none' as varchar) as to_state,
        cast(true as boolean) as is_legal,
        cast(null as varchar) as clause_id
    from {{ ref('int_case_event') }}
    where event_no = 1
    union all
    select
        e.case_id,
        e.event_no,
        walk.to_state as from_state,
        coalesce(t.to_state, walk.to_state) as to_state,
        t.to_state is not null as is_legal,
        t.clause_id
    from walk
    inner join {{ ref('int_case_event') }} as e
        on walk.case_id = e.case_id and e.event_no = walk.event_no + 1
    left join {{ ref('case_transition') }} as t
        on
            e.case_kind = t.kind
            and walk.to_state = t.from_state
            and e.event = t.event
            and {{ in_force(date_of('e.event_at'), 't.') }}
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
