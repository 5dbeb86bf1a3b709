-- grain: site_code
-- names of persons and telephone numbers stay in the restricted dim_site_contact
{{ config(meta={'publish': false}) }}
with latest as (
    {{ latest_by_key(source('raw', 'enterprise_register'), ['site_code'], arrival_order()) }}
)

select
    {{ squeeze('uscc') }} as uscc,
    {{ tidy('enterprise_name') }} as enterprise_name,
    {{ squeeze('site_code') }} as site_code,
    {{ tidy('site_name') }} as site_name,
    {{ squeeze('town_code') }} as town_code,
    longitude,
    latitude,
    {{ squeeze('industry_code') }} as industry_code,
    {{ tidy('industry_name') }} as industry_name,
    {{ tidy('management_level') }} as management_level,
    {{ keyed_hash(squeeze('phone')) }} as phone_hash,
    _load_id,
    _row_no
from latest
