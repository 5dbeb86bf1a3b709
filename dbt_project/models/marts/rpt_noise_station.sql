-- grain: subject_id × indicator_code × period_type × period
-- a functional-zone station's days or nights of a period
with levels as (
    {% for period_type in ['month', 'quarter', 'year'] %}
    select
        '{{ period_type }}' as period_type, {{ period_start('noise_date', period_type) }} as period_start_date, point_id,
        case period_kind when 'day' then 'noise_day_compliance_pct' else 'noise_night_compliance_pct' end as indicator_code,
        {{ join_text('zone_code', '、', distinct=true) }} as zone_codes,
        max(leq_rounded_db) as leq_max_db, min(leq_rounded_db) as leq_min_db, max(lmax_db) as lmax_db,
        max(exceedance_db) as exceedance_max_db,
        cast(sum(case when not is_lmax_compliant then 1 else 0 end) as bigint) as lmax_exceedance_count,
        cast(sum(excluded_hour_count) as bigint) as excluded_hour_count
    from {{ ref('fct_noise_period') }}
    group by {{ period_start('noise_date', period_type) }}, point_id, period_kind
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    i.indicator_code, i.subject_id, p.name_zh as station_name, p.town_code, a.name_zh as town_name_zh, i.period_type, i.period,
    case i.indicator_code when 'noise_day_compliance_pct' then '昼间' else '夜间' end as period_kind_zh,
    l.zone_codes, i.value as compliance_pct, i.expected_count, i.observed_count, cast(i.numerator as bigint) as compliant_count,
    cast(l.leq_min_db as decimal(18, 6)) as leq_min_db, cast(l.leq_max_db as decimal(18, 6)) as leq_max_db,
    cast(l.exceedance_max_db as decimal(18, 6)) as exceedance_max_db, cast(l.lmax_db as decimal(18, 6)) as lmax_db,
    l.lmax_exceedance_count, l.excluded_hour_count, i.maturity, i.applicability, i.reason_zh, i.status
from {{ ref('ind_noise') }} as i
left join levels as l
    on i.subject_id = l.point_id and i.indicator_code = l.indicator_code and i.period_type = l.period_type
    and i.period_start_date = l.period_start_date
left join (
    {{ latest_by_key(ref('dim_point'), ['point_id'], ['valid_from desc']) }}
) as p on i.subject_id = p.point_id
left join {{ ref('dim_area') }} as a on p.town_code = a.area_code
where i.subject_type = 'point'
