-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
{{ config(meta={'evidence': [
    {'parent': 'fct_voc_period', 'label_zh': 'VOCs 时段合计', 'on': {'point_id': 'subject_id', 'period_type': 'period_type',
        'period': 'period'}}]}) }}
with told as (
    select
        point_id as subject_id, 'voc_ofp_ug_m3' as indicator_code, period_type, period, period_start_date, period_end_date,
        ofp_ug_m3 as value, cast(null as decimal(18, 6)) as numerator, cast(null as decimal(18, 6)) as denominator,
        listed_species_count as expected_count, ofp_species_count as observed_count, maturity, reason_zh,
        concat(mir_version, '/', list_version) as policy_version, status
    from {{ ref('fct_voc_period') }}
    union all
    select
        point_id, 'voc_xylene_benzene_ratio', period_type, period, period_start_date, period_end_date,
        xylene_benzene_ratio, xylene_ug_m3, benzene_ug_m3, expected_count, observed_count, maturity,
        case when xylene_benzene_ratio is null then '苯或二甲苯没有完整的检出均值' end, list_version, status
    from {{ ref('fct_voc_period') }}
    union all
    select
        point_id, 'voc_completeness_pct', period_type, period, period_start_date, period_end_date,
        completeness_pct, observed_count as numerator, expected_count as denominator, expected_count, observed_count, maturity,
        cast(null as varchar), list_version, status
    from {{ ref('fct_voc_period') }}
    union all
    select
        point_id, 'voc_park_contribution_pct', period_type, period, period_start_date, period_end_date,
        park_contribution_pct, park_increment_ofp_ug_m3, paired_ofp_ug_m3, listed_species_count, paired_species_count, maturity,
        contribution_reason_zh, concat(mir_version, '/', list_version), status
    from {{ ref('fct_voc_period') }}
    where background_point_id is not null
)

{{ subject_indicator_rows('told', 'point') }}
