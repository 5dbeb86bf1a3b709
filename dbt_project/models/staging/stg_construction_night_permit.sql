-- grain: permit_no × window_from_at
{{ config(materialized='view') }}
select
    {{ tidy('permit_no') }} as permit_no,
    {{ tidy('site_name') }} as site_name,
    {{ squeeze('site_name') }} as site_key,
    trim(town_code) as town_code,
    issued_date,
    window_from as window_from_at,
    window_to as window_to_at,
    revoked_at,
    _load_id,
    _row_no
from {{ source('raw', 'construction_night_permit') }}
