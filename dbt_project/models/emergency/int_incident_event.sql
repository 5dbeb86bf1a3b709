-- grain: case_id × event_no
-- entries of incidents and drills in the order in which things happened, whatever the order of their arrival
{{ config(meta={'publish': true, 'evidence': [
    {'parent': 'stg_emergency_event', 'label_zh': '平台记录', 'on': {'entry_no': 'entry_no'}}]}) }}
select
    e.incident_no as case_id,
    e.incident_kind as case_kind,
    cast(row_number() over (
        partition by e.incident_no order by e.event_at asc, coalesce(n.sort_no, 99) asc, e.entry_no asc) as int) as event_no,
    e.entry_no, e.event, e.event_at, e.recorded_at, e.risk_no, e.post_zh, e.note_zh, e._load_id, e._row_no
from {{ ref('stg_emergency_event') }} as e
left join {{ ref('emergency_event_name') }} as n on e.event = n.event
where e.event_at <= {{ as_of() }}
