-- grain: outlet_id
-- an outlet as the latest permit row that is not deleted tells it
select
    concat(site_code, ':', outlet_code) as outlet_id, site_code, outlet_code, outlet_name as name_zh, medium, mn,
    permit_no, uscc as enterprise_id, issued_date, expiry_date, first_effective_from
from (
    select
        *,
        min(effective_from) over (partition by site_code, outlet_code) as first_effective_from,
        row_number() over (
            partition by site_code, outlet_code
            order by changed_at desc, effective_from desc, permit_no desc, factor_code desc, compliance_statistic desc
        ) as rank_in_outlet
    from {{ ref('stg_permit_register') }}
    where not is_deleted
) as ranked
where rank_in_outlet = 1
