-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- Year-on-year changes of air, from fct_air_year_on_year, where both sides stand on one basis.
{{ config(meta={'evidence': [
    {'parent': 'fct_air_year_on_year', 'label_zh': '同口径两期', 'on': {'subject_type': 'subject_type', 'subject_id': 'subject_id',
        'period_type': 'period_type', 'period': 'period', 'basis': 'basis'}}]}) }}
with named as (
    select
        y.*,
        case y.indicator_code
            when 'air_good_day_share_pct' then 'air_good_day_share_change_pct'
            when 'air_pm25_mean_ug_m3' then 'air_pm25_mean_change_pct'
            when 'air_pm10_mean_ug_m3' then 'air_pm10_mean_change_pct'
            when 'air_o3_p90_ug_m3' then 'air_o3_p90_change_pct'
            when 'air_composite_index' then 'air_composite_index_change_pct'
        end as change_code
    from {{ ref('fct_air_year_on_year') }} as y
)

select
    n.subject_type,
    n.subject_id,
    n.change_code as indicator_code,
    n.period_type,
    n.period,
    n.period_start_date,
    n.period_end_date,
    n.basis,
    case when n.indicator_code = 'air_good_day_share_pct' then n.difference else n.change_pct end as value,
    n.difference as numerator,
    case when n.indicator_code <> 'air_good_day_share_pct' then n.last_year_value end as denominator,
    {{ days_between('n.period_start_date', 'n.period_end_date') }} as expected_count,
    n.observed_count,
    n.maturity,
    case when n.reason_zh is null then 'applies' else 'missing' end as applicability,
    '监测认定' as input_basis,
    cast(null as varchar) as input_body,
    cast(null as varchar) as input_document,
    n.period as input_period,
    false as is_carried_forward,
    cast(null as date) as carried_from_date,
    n.reason_zh,
    n.regime as policy_version,
    n.status
from named as n
