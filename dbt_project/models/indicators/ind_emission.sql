-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- all emissions of an area by pollutant (basis), or withheld where a kind of source is missing
{{ config(meta={'evidence': [
    {'parent': 'fct_emission_ledger', 'label_zh': '排放总账', 'on': {'area_code': 'subject_id', 'pollutant_code': 'basis', 'period': 'period',
        'source_kind': "'total'"}}]}) }}
with totals as (
    select
        l.period_type, l.period_start_date, l.area_code, 'emission_total_t' as indicator_code, l.pollutant_code, l.emission_t, l.reason_zh,
        l.status, l.method_version, l.town_count as expected_count, l.told_town_count as observed_count
    from {{ ref('fct_emission_ledger') }} as l
    where l.source_kind = 'total'
)

{{ indicator_rows('totals', 'emission_t', numerator='emission_t', denominator='cast(null as decimal(18, 6))',
    applicability="case when emission_t is null then 'missing' else 'applies' end", reason='reason_zh', maturity="'preliminary'",
    policy_version='method_version', status='status', basis='pollutant_code', input_basis="'估算'") }}
