-- grain: case_id × event_no
-- The time line of each incident and drill, rebuilt from its entries: minutes since the report, the state after each entry,
-- entries that came late or out of order, and the drill's score
with starts as (
    select case_id, min(event_at) as started_at from {{ ref('fct_incident_event') }}
    where is_legal
    group by case_id
)

select
    e.case_id, e.case_kind, e.event_no, e.event, n.name_zh as event_name_zh, e.event_at,
    cast({{ ratio(seconds_between('s.started_at', 'e.event_at'), '60', 6) }} as decimal(18, 6)) as since_start_minutes,
    e.recorded_at,
    cast({{ ratio(seconds_between('e.event_at', 'e.recorded_at'), '60', 6) }} as decimal(18, 6)) as recorded_after_minutes,
    e.from_state, e.to_state, e.is_legal, e.reason_zh, e.risk_no, r.name_zh as risk_name_zh, r.town_code, e.post_zh, e.note_zh,
    d.score, d.reason_zh as score_reason_zh, d.status, e.month, e._load_id, e._row_no
from {{ ref('fct_incident_event') }} as e
left join starts as s on e.case_id = s.case_id
left join {{ ref('emergency_event_name') }} as n on e.event = n.event
left join {{ ref('fct_emergency_reach') }} as r on e.risk_no = r.risk_no
left join {{ ref('fct_drill_score') }} as d on e.case_id = d.case_id and d.item = 'total'
