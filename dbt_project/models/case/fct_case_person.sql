-- grain: case_id
-- one complaint; restricted: who complained, as received
{{ config(materialized='table', database='restricted') }}
with latest as (
    {{ latest_by_key(source('raw', 'complaint_12345'), ['order_no'], arrival_order(['updated_at'])) }}
)

select
    concat('complaint:', {{ tidy('order_no') }}) as case_id,
    {{ tidy('complainant_name') }} as complainant_name,
    {{ tidy('phone') }} as phone,
    {{ tidy('address') }} as address,
    {{ tidy('content') }} as content,
    _load_id,
    _row_no
from latest
