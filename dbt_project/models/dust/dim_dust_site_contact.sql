-- grain: dust_site_code
-- restricted: who looks after dust at a site
{{ config(materialized='table', database='restricted') }}
with latest as (
    {{ latest_by_key(source('raw', 'dust_site_register'), ['dust_site_code'], snapshot_order()) }}
)

select {{ squeeze('dust_site_code') }} as dust_site_code, {{ tidy('contact_name') }} as contact_name, {{ squeeze('contact_phone') }} as contact_phone,
    _load_id, _row_no
from latest
