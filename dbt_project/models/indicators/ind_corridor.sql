-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
{{ config(meta={'evidence': [
    {'parent': 'fct_corridor_period', 'label_zh': '物流通道时段增量', 'on': {'point_id': 'subject_id', 'period_type': 'period_type',
        'period': 'period', 'factor_code': "case indicator_code when 'corridor_nox_increment_ug_m3' then 'NOX'
            when 'corridor_bc_increment_ug_m3' then 'BC' else 'PM2_5' end"}}]}) }}
with told as (
    select
        point_id as subject_id,
        case factor_code when 'NOX' then 'corridor_nox_increment_ug_m3' when 'BC' then 'corridor_bc_increment_ug_m3'
            when 'PM2_5' then 'corridor_pm25_increment_ug_m3' end as indicator_code,
        period_type, period, period_start_date, period_end_date,
        increment_mean_value as value, increment_sum_value as numerator,
        case when is_complete then pair_hour_count end as denominator,
        expected_hour_count as expected_count, pair_hour_count as observed_count, maturity, reason_zh,
        'paired_background_same_hour' as policy_version, status
    from {{ ref('fct_corridor_period') }}
    where factor_code in ('NOX', 'BC', 'PM2_5')
)

{{ subject_indicator_rows('told', 'point') }}
