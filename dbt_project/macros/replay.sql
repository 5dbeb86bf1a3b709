{#- Replay of events against a table of transitions, as the body of a recursive CTE named `walk`: case_id, event_no, from_state,
    to_state, is_legal, clause_id. An event that the transitions do not allow in its state is kept, moves no state and is not
    legal. events: case_id, case_kind, event_no (1, 2, … per case), event, event_at; transitions: kind, from_state, event,
    to_state, valid_from, valid_to, clause_id. -#}
{% macro replay_walk(events, transitions) -%}
    select
        case_id,
        cast(0 as int) as event_no,
        cast('none' as varchar) as from_state,
        cast('none' as varchar) as to_state,
        cast(true as boolean) as is_legal,
        cast(null as varchar) as clause_id
    from {{ events }}
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
    inner join {{ events }} as e
        on walk.case_id = e.case_id and e.event_no = walk.event_no + 1
    left join {{ transitions }} as t
        on
            e.case_kind = t.kind
            and walk.to_state = t.from_state
            and e.event = t.event
            and {{ jianhu.in_force(jianhu.date_of('e.event_at'), 't.') }}
{%- endmacro %}
