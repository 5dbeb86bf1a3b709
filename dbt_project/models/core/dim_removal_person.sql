-- grain: removal_no
-- restricted: who removed, as received
{{ config(materialized='table', database='restricted') }}
with latest as (
    {{ latest_by_key(source('raw', 'reading_removal'), [squeeze('removal_no')], ['_part desc', '_seq desc', '_row_no desc', '_load_id desc']) }}
)

select {{ squeeze('removal_no') }} as removal_no, {{ tidy('person') }} as person, _load_id, _row_no
from latest
