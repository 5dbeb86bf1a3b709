-- grain: enterprise_id
-- one USCC may hold several sites; its name is the one told for its first site
select
    uscc as enterprise_id, enterprise_name as name_zh, industry_code, industry_name, management_level,
    {{ is_uscc_valid('uscc') }} as is_uscc_valid,
    cast(null as date) as valid_from, cast(null as date) as valid_to
from (
    select *, row_number() over (partition by uscc order by site_code) as rank_in_enterprise
    from {{ ref('stg_enterprise_register') }}
) as ranked
where rank_in_enterprise = 1
