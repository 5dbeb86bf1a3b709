-- grain: mn
-- where two outlets claim one device, the later changed permit row tells
select mn, outlet_id
from (
    select
        mn, concat(site_code, ':', outlet_code) as outlet_id,
        row_number() over (partition by mn order by changed_at desc, site_code, outlet_code, factor_code, effective_from desc, compliance_statistic)
            as rank_in_mn
    from {{ ref('stg_permit_register') }}
    where not is_deleted and mn is not null
) as ranked
where rank_in_mn = 1
