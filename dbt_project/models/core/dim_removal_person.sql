-- grain: removal_no
-- restricted: who removed, as received
{{ config(materialized='table', database='restricted') }}
with latest as (
    {{ latest_by_key(source('raw', 'reading_removal'), [squeeze('removal_no')], snapshot_order()) }}
)

select {{ squeeze('removal_no') }} as removal_no, {{ tidy('person') }} as person, _load_id, _row_no
from latest
