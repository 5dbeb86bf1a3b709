-- grain: subject_id × indicator_code × basis × period_type × period
-- point-time compliance of the district and its towns by functional zone, day and night
select
    i.indicator_code, i.subject_id, a.name_zh as area_name_zh, a.area_type, i.period_type, i.period, i.basis,
    case i.indicator_code when 'noise_day_compliance_pct' then '昼间' else '夜间' end as period_kind_zh,
    coalesce(z.zone_name_zh, '各类功能区合计') as zone_name_zh,
    case i.indicator_code when 'noise_day_compliance_pct' then z.day_limit_db else z.night_limit_db end as limit_db,
    i.value as compliance_pct, i.expected_count, i.observed_count, cast(i.numerator as bigint) as compliant_count,
    i.maturity, i.applicability, i.reason_zh, i.status
from {{ ref('ind_noise') }} as i
inner join {{ ref('dim_area') }} as a on i.subject_id = a.area_code
left join {{ ref('noise_limit') }} as z
    on i.basis = concat('zone_', z.zone_code) and {{ in_force('i.period_start_date', 'z.') }}
where i.subject_type = 'area' and i.indicator_code in ('noise_day_compliance_pct', 'noise_night_compliance_pct')
