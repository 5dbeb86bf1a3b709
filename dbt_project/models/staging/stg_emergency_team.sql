-- grain: team_no × valid_from
-- the leader's name and telephone number stay in the restricted dim_emergency_contact
{{ config(meta={'publish': true}) }}
with latest as (
    {{ latest_by_key(source('raw', 'emergency_team'), [squeeze('team_no'), 'valid_from'], snapshot_order()) }}
)

select
    {{ squeeze('team_no') }} as team_no, {{ tidy('name_zh') }} as name_zh, {{ squeeze('team_kind') }} as team_kind,
    {{ squeeze('town_code') }} as town_code, longitude, latitude, turnout_minutes, member_count,
    {{ keyed_hash(squeeze('leader_phone')) }} as phone_hash, valid_from, valid_to, _load_id, _row_no
from latest
