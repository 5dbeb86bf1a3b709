-- grain: subject_id × indicator_code × period_type × period × basis
-- This period beside the same one a year before, on ONE basis: both sides under one rule (so never `default`, whose rule
-- may change between them), both with or both without dust days. Where maturity or point set differ, both values stand
-- and the difference is withheld (seed air_comparison_rule).
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'ind_air', 'label_zh': '两期的指标值', 'on': {'subject_type': 'subject_type', 'subject_id': 'subject_id',
        'indicator_code': 'indicator_code', 'period_type': 'period_type', 'basis': 'basis', 'period in': "concat_ws(',', r.period, r.last_period)"}},
    {'parent': 'int_air_point_set', 'label_zh': '点位集合', 'on': {'area_code': 'subject_id', 'period_type': 'period_type',
        'period in': "concat_ws(',', r.period, r.last_period)"}}]}) }}
with rules as (
    select
        max(case when rule = 'same_maturity' then value end) as same_maturity,
        max(case when rule = 'same_point_set' then value end) as same_point_set,
        {{ worst_status('status') }} as status
    from {{ ref('air_comparison_rule') }}
    where {{ in_force(date_of(as_of())) }}
),

valued as (
    select v.*, s.point_set, s.replaced_zh
    from {{ ref('ind_air') }} as v
    left join {{ ref('int_air_point_set') }} as s
        on
            v.subject_id = s.area_code and v.period_type = s.period_type and v.period = s.period
            and v.maturity = s.maturity
    where v.basis not in ('default', 'default_no_dust')
        and v.indicator_code in ('air_good_day_share_pct', 'air_pm25_mean_ug_m3', 'air_pm10_mean_ug_m3', 'air_o3_p90_ug_m3',
            'air_composite_index')
),

beside as (
    select
        c.subject_type, c.subject_id, c.indicator_code, c.period_type, c.period, c.period_start_date, c.period_end_date, c.basis,
        c.policy_version as regime,
        c.basis like '%no_dust' as is_dust_excluded,
        p.period as last_period,
        c.value, p.value as last_year_value,
        c.maturity, p.maturity as last_year_maturity,
        c.point_set, p.point_set as last_year_point_set,
        concat_ws('；', p.replaced_zh, c.replaced_zh) as replaced_zh,
        c.observed_count, p.observed_count as last_year_observed_count,
        case
            when c.value is null then concat('本期：', c.reason_zh)
            when p.subject_id is null then '没有上年同期的数据'
            when p.value is null then concat('上年同期：', p.reason_zh)
            when r.same_maturity = 1 and c.maturity <> p.maturity
                then concat('两期成熟度不同（本期 ', c.maturity, '，上年同期 ', p.maturity, '），不作比较')
            when r.same_point_set = 1 and c.point_set <> p.point_set
                then concat('两期点位集合不同（本期 ', c.point_set, '；上年同期 ', p.point_set, '），不作比较')
        end as reason_zh,
        case
            -- what the house's own rule lets pass across maturities or sets is illustrative
            when p.subject_id is not null and not (c.maturity = p.maturity and c.point_set = p.point_set) then r.status
            when c.status = 'verified' and coalesce(p.status, 'verified') = 'verified' then 'verified'
            else 'unverified'
        end as status
    from valued as c
    cross join rules as r
    left join valued as p
        on
            c.subject_id = p.subject_id and c.indicator_code = p.indicator_code and c.period_type = p.period_type
            and c.basis = p.basis and c.period_start_date = {{ add_months('p.period_start_date', 12) }}
            and c.period_end_date = {{ add_months('p.period_end_date', 12) }}
)

select
    subject_type, subject_id, indicator_code, period_type, period, period_start_date, period_end_date, basis, regime,
    is_dust_excluded, last_period, value, last_year_value,
    cast(case when reason_zh is null then value - last_year_value end as decimal(18, 6)) as difference,
    cast(case
        when reason_zh is null and indicator_code <> 'air_good_day_share_pct'
            then {{ ratio('(value - last_year_value) * 100', 'last_year_value', 6) }}
    end as decimal(18, 6)) as change_pct,
    maturity, last_year_maturity, point_set, last_year_point_set,
    point_set = last_year_point_set as is_same_point_set,
    nullif(replaced_zh, '') as replaced_zh,
    observed_count, last_year_observed_count, reason_zh, status
from beside
