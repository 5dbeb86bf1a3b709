-- grain: sample_no × step_no
-- who handled a sample stays as a keyed hash; the posts stay
{{ config(meta={'publish': true}) }}
with latest as (
    {{ latest_by_key(source('raw', 'emergency_sample'), [squeeze('sample_no'), 'step_no'], snapshot_order()) }}
)

select
    {{ squeeze('sample_no') }} as sample_no, step_no, {{ squeeze('incident_no') }} as incident_no, {{ squeeze('step') }} as step,
    step_at, {{ tidy('from_post') }} as from_post, {{ tidy('to_post') }} as to_post, {{ keyed_hash(squeeze('person')) }} as person_hash,
    {{ tidy('item_zh') }} as item_zh, _load_id, _row_no
from latest
