-- grain: subject_id × period_type × period × basis
{%- set codes = ['air_good_day_count', 'air_valid_day_count', 'air_good_day_share_pct', 'air_pm25_mean_ug_m3',
    'air_pm10_mean_ug_m3', 'air_o3_p90_ug_m3', 'air_no2_mean_ug_m3', 'air_so2_mean_ug_m3', 'air_co_p95_mg_m3',
    'air_composite_index'] %}
with cells as (
    select
        subject_id, period_type, period, period_start_date, basis,
        {%- for code in codes %}
        max(case when indicator_code = '{{ code }}' then value end) as {{ code }},
        {%- endfor %}
        max(case when indicator_code = 'air_good_day_share_pct' then expected_count end) as expected_count,
        max(case when indicator_code = 'air_good_day_share_pct' then observed_count end) as observed_count,
        max(case when indicator_code = 'air_good_day_share_pct' then maturity end) as maturity,
        max(case when indicator_code = 'air_good_day_share_pct' then policy_version end) as policy_version,
        max(case when indicator_code = 'air_good_day_share_pct' then reason_zh end) as reason_zh,
        max(case when indicator_code = 'air_good_day_share_pct' then applicability end) as applicability,
        {{ worst_status('status') }} as status
    from {{ ref('fct_indicator_value') }}
    where subject_type = 'area' and period_type in ('month', 'quarter', 'year') and indicator_code like 'air%'
    group by subject_id, period_type, period, period_start_date, basis
)

select
    'air_good_day_share_pct' as indicator_code,
    c.subject_id,
    a.name_zh as area_name_zh,
    a.area_type,
    c.period_type,
    c.period,
    c.basis,
    {%- for code in codes %}
    c.{{ code }},
    {%- endfor %}
    p.air_good_day_share_pct as air_good_day_share_last_year_pct,
    p.air_pm25_mean_ug_m3 as air_pm25_mean_last_year_ug_m3,
    c.expected_count,
    c.observed_count,
    c.maturity,
    c.policy_version,
    c.applicability,
    c.reason_zh,
    c.status
from cells as c
inner join {{ ref('dim_area') }} as a on c.subject_id = a.area_code
left join cells as p
    on
        c.subject_id = p.subject_id and c.period_type = p.period_type and c.basis = p.basis
        and c.period_start_date = {{ add_months('p.period_start_date', 12) }}
