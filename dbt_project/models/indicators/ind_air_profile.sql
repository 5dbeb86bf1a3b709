-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- hours over which no verdict can be given count neither as inversion nor as none
{{ config(meta={'evidence': [
    {'parent': 'fct_air_profile_hour', 'label_zh': '逐小时逆温判定', 'on': {'station_code': 'substr(subject_id, 13)',
        'observed_at >': 'period_start_date', 'observed_at <=': 'period_end_date'}}]}) }}
with hours as (
    select
        concat('air_profile:', station_code) as subject_id, maturity, status, has_inversion,
        {{ day_of_interval('observed_at') }} as date_day
    from {{ ref('fct_air_profile_hour') }}
    where has_inversion is not null or missing_heights_zh is not null
),

spread as (
    {%- for t in ['day', 'month'] %}
    select
        subject_id, maturity, status, has_inversion, '{{ t }}' as period_type,
        {{ period_label('date_day', t) }} as period,
        {% if t == 'day' %}date_day{% else %}{{ period_start('date_day', t) }}{% endif %} as period_start_date,
        {% if t == 'day' %}{{ add_days('date_day', '1') }}{% else %}{{ period_end(period_start('date_day', t), t) }}{% endif %}
            as period_end_date
    from hours
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

told as (
    select
        subject_id, 'profile_inversion_hour_count' as indicator_code, period_type, period, period_start_date, period_end_date,
        case when count(has_inversion) > 0 then count(case when has_inversion then 1 end) end as value,
        cast(null as decimal(18, 6)) as numerator, cast(null as decimal(18, 6)) as denominator,
        {{ days_between('period_start_date', 'period_end_date') }} * 24 as expected_count,
        count(has_inversion) as observed_count, maturity,
        case when count(has_inversion) = 0 then '没有一个小时能判定有无逆温'
            when count(has_inversion) < count(*) then concat('有 ', cast(count(*) - count(has_inversion) as varchar), ' 个小时缺层，不能判定')
        end as reason_zh,
        'adjacent_layers' as policy_version,
        {{ worst_status('status') }} as status
    from spread
    group by subject_id, maturity, period_type, period, period_start_date, period_end_date
)

{{ subject_indicator_rows('told', 'point') }}
