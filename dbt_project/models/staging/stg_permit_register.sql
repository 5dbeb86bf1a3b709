-- grain: permit_no × outlet_code × factor_code × compliance_statistic × effective_from
-- the winning change of each permit row; a row marked as deleted is kept with its mark and used by nothing else
{{ config(meta={'publish': false}) }}
with latest as (
    {{ latest_by_key(source('raw', 'permit_register'),
        ['permit_no', 'site_code', 'outlet_code', 'factor_code', 'compliance_statistic', 'effective_from'], arrival_order(['changed_at'])) }}
)

select
    {{ squeeze('permit_no') }} as permit_no,
    {{ squeeze('uscc') }} as uscc,
    {{ squeeze('site_code') }} as site_code,
    issued_date,
    expiry_date,
    {{ squeeze('outlet_code') }} as outlet_code,
    {{ tidy('outlet_name') }} as outlet_name,
    trim(medium) as medium,
    {{ squeeze('mn') }} as mn,
    trim(factor_code) as factor_code,
    trim(compliance_statistic) as compliance_statistic,
    limit_value,
    limit_low,
    {{ squeeze('limit_unit') }} as limit_unit,
    coalesce(nullif(trim(conversion), ''), 'none') as conversion,
    reference_oxygen_pct,
    {{ squeeze('exempt_states') }} as exempt_states,
    effective_from,
    effective_to,
    changed_at,
    coalesce(is_deleted, false) as is_deleted,
    _load_id,
    _row_no
from latest
