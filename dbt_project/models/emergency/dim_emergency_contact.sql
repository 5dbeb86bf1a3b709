-- grain: team_no × valid_from
-- restricted: who leads a team and how to reach them, as received
{{ config(materialized='table', database='restricted', contract={'enforced': true}) }}
with latest as (
    {{ latest_by_key(source('raw', 'emergency_team'), [squeeze('team_no'), 'valid_from'], snapshot_order()) }}
)

select
    {{ squeeze('team_no') }} as team_no, valid_from, {{ tidy('leader_name') }} as leader_name, {{ tidy('leader_phone') }} as leader_phone,
    _load_id, _row_no
from latest
