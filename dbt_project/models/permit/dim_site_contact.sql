-- grain: site_code
-- restricted: persons and telephone numbers as received
{{ config(materialized='table', database='restricted') }}
with latest as (
    {{ latest_by_key(source('raw', 'enterprise_register'), ['site_code'], arrival_order()) }}
)

select
    {{ squeeze('site_code') }} as site_code, {{ tidy('legal_person') }} as legal_person, {{ tidy('phone') }} as phone,
    _load_id, _row_no
from latest
