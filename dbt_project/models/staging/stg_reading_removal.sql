-- grain: removal_no
-- the reviewer's name stays in the restricted dim_removal_person
with latest as (
    {{ latest_by_key(source('raw', 'reading_removal'), [squeeze('removal_no')], snapshot_order()) }}
)

select
    {{ squeeze('removal_no') }} as removal_no,
    {{ squeeze('action') }} as action_zh,
    trim(point_id) as point_id,
    trim(factor_code) as factor_code,
    observed_from,
    observed_to,
    {{ tidy('post_zh') }} as post_zh,
    {{ keyed_hash(squeeze('person')) }} as person_hash,
    flagged_at,
    {{ tidy('removal_reason') }} as reason_zh,
    {{ tidy('evidence') }} as evidence,
    _load_id,
    _row_no
from latest
