-- grain: entry_no
-- one entry of the command platform, its last version: a correction is sent again under its number
with latest as (
    {{ latest_by_key(source('raw', 'emergency_event'), ['entry_no'], arrival_order(['recorded_at'])) }}
)

select
    trim(entry_no) as entry_no, recorded_at, trim(incident_no) as incident_no, trim(incident_kind) as incident_kind,
    trim(risk_no) as risk_no, trim(event) as event, event_at, {{ tidy('post_zh') }} as post_zh, {{ tidy('note_zh') }} as note_zh,
    _load_id, _row_no
from latest
