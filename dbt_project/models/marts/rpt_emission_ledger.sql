-- grain: subject_id × pollutant_code × period
-- three kinds side by side and their total
select
    l.area_code as subject_id, a.name_zh as area_name_zh, l.pollutant_code, p.name_zh as pollutant_name_zh, l.period_type, l.period,
    max(case when l.source_kind = 'stationary' then l.emission_t end) as stationary_t,
    max(case when l.source_kind = 'mobile' then l.emission_t end) as mobile_t,
    max(case when l.source_kind = 'area' then l.emission_t end) as area_t,
    max(case when l.source_kind = 'total' then l.emission_t end) as total_t,
    max(case when l.source_kind = 'mobile' then l.method_version end) as mobile_method_version,
    max(case when l.source_kind = 'area' then l.method_version end) as area_method_version,
    max(case when l.source_kind = 'total' then l.reason_zh end) as withheld_reason_zh,
    max(case when l.source_kind = 'total' then l.status end) as status
from {{ ref('fct_emission_ledger') }} as l
left join {{ ref('dim_area') }} as a on l.area_code = a.area_code
left join (select pollutant_code, min(name_zh) as name_zh from {{ ref('pollutant_alias') }} group by pollutant_code) as p
    on l.pollutant_code = p.pollutant_code
group by l.area_code, a.name_zh, l.pollutant_code, p.name_zh, l.period_type, l.period
