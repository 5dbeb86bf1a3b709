-- grain: site_code
-- the town is the site's, never the one in the digits of the USCC
select
    e.site_code, e.uscc as enterprise_id, e.enterprise_name, e.site_name as name_zh, e.town_code, a.name_zh as town_name_zh,
    e.longitude, e.latitude, e.industry_code, e.industry_name, e.management_level,
    cast(null as date) as valid_from, cast(null as date) as valid_to
from {{ ref('stg_enterprise_register') }} as e
left join {{ ref('dim_area') }} as a on e.town_code = a.area_code and a.area_type = 'town'
