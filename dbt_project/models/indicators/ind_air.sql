-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- Towns without a station are told as missing with the reason, never as zero. Days of a period are counted within its
-- one maturity (fct_air_period).
{{ config(meta={'evidence': [
    {'parent': 'int_air_judged_day', 'label_zh': '空气日评价',
        'on': {'subject_type': 'subject_type', 'subject_id': 'subject_id',
            'air_date >=': 'period_start_date', 'air_date <': 'period_end_date'}},
    {'parent': 'fct_air_period', 'label_zh': '空气时段评价',
        'on': {'subject_type': 'subject_type', 'subject_id': 'subject_id', 'period_type': 'period_type',
            'period': 'period', 'basis': 'basis'}}]}) }}
with day_basis as (
    {{ air_day_basis() }}
),

rules as (
    {{ air_rules(['composite_divided_by_weights']) }}
),

limits as (
    {{ air_limits('daily_max_8h') }}
),

limited as (
    select
        b.*,
        {{ air_rounded('b.o3_max_8h_ug_m3', 'n.digits') }} > l.limit_value as is_o3_over,
        coalesce(l.status, 'unverified') as limit_status
    from day_basis as b
    left join limits as l on b.regime = l.regime and l.factor_code = 'O3' and {{ in_force('b.air_date', 'l.') }}
    left join {{ ref('air_input_rounding') }} as n
        on b.regime = n.regime and n.factor_code = 'O3' and n.averaging = '8h'
),

spread as (
    {{ air_period_spread('limited', ['basis', 'rule_basis', 'subject_type', 'subject_id', 'maturity', 'is_valid', 'is_good',
        'is_o3_over', 'o3_max_8h_ug_m3', 'status', 'limit_status']) }}
),

periods as (
    select distinct period_type, period, period_start_date, period_end_date, basis, rule_basis from spread
),

days as (
    select
        s.subject_id, s.period_type, s.period, s.basis, s.maturity,
        count(case when s.is_valid then 1 end) as valid_days,
        count(case when s.is_valid and s.is_good then 1 end) as good_days,
        count(s.o3_max_8h_ug_m3) as o3_days,
        count(case when s.is_o3_over then 1 end) as o3_over_days,
        max(case when s.status <> 'verified' then 1 else 0 end) as unverified_days,
        max(case when s.limit_status <> 'verified' then 1 else 0 end) as unverified_limits
    from spread as s
    inner join (
        select distinct subject_type, subject_id, period_type, period, basis, maturity from {{ ref('fct_air_period') }}
    ) as p
        on
            s.subject_type = p.subject_type and s.subject_id = p.subject_id and s.period_type = p.period_type
            and s.period = p.period and s.basis = p.basis and s.maturity = p.maturity
    where s.subject_type = 'area'
    group by s.subject_id, s.period_type, s.period, s.basis, s.maturity
),

day_values as (
    select
        d.subject_id, d.period_type, d.period, d.basis, d.maturity,
        case
            when d.unverified_days > 0 then 'unverified'
            when i.indicator_code = 'air_o3_exceedance_day_count' and d.unverified_limits > 0 then 'unverified'
            else 'verified'
        end as status,
        i.indicator_code,
        case
            when i.indicator_code = 'air_valid_day_count' then cast(d.valid_days as decimal(18, 6))
            when i.indicator_code = 'air_o3_exceedance_day_count' and d.o3_days > 0 then cast(d.o3_over_days as decimal(18, 6))
            when i.indicator_code = 'air_good_day_count' and d.valid_days > 0 then cast(d.good_days as decimal(18, 6))
            when i.indicator_code = 'air_good_day_share_pct'
                then cast({{ ratio('d.good_days * 100', 'd.valid_days', 6) }} as decimal(18, 6))
        end as value,
        case
            when i.indicator_code = 'air_o3_exceedance_day_count' then cast(d.o3_over_days as decimal(18, 6))
            when i.indicator_code <> 'air_valid_day_count' then cast(d.good_days as decimal(18, 6))
        end as numerator,
        case
            when i.indicator_code = 'air_good_day_share_pct' then cast(d.valid_days as decimal(18, 6))
            when i.indicator_code = 'air_o3_exceedance_day_count' then cast(d.o3_days as decimal(18, 6))
        end as denominator,
        case when i.indicator_code = 'air_o3_exceedance_day_count' then d.o3_days else d.valid_days end as observed_count,
        case
            when i.indicator_code = 'air_o3_exceedance_day_count' and d.o3_days = 0 then '没有有效的臭氧日最大 8 小时平均'
            when i.indicator_code <> 'air_o3_exceedance_day_count' and d.valid_days = 0 then '没有有效监测天'
        end as reason_zh,
        cast(null as varchar) as regime
    from days as d
    inner join {{ ref('dim_indicator') }} as i
        on i.indicator_code in ('air_good_day_count', 'air_valid_day_count', 'air_good_day_share_pct', 'air_o3_exceedance_day_count')
),

concentrations as (
    select
        p.subject_id, p.period_type, p.period, p.basis, p.maturity, p.status, i.indicator_code,
        cast(case when p.composite_input = 'mean' then p.mean_value else p.percentile_value end as decimal(18, 6)) as value,
        case when p.composite_input = 'mean' then cast(p.day_sum as decimal(18, 6)) end as numerator,
        case when p.composite_input = 'mean' then cast(p.day_count as decimal(18, 6)) end as denominator,
        p.day_count as observed_count, p.reason_zh, p.regime
    from {{ ref('fct_air_period') }} as p
    inner join {{ ref('dim_indicator') }} as i
        on i.indicator_code = case p.factor_code
            when 'SO2' then 'air_so2_mean_ug_m3' when 'NO2' then 'air_no2_mean_ug_m3'
            when 'PM10' then 'air_pm10_mean_ug_m3' when 'PM2_5' then 'air_pm25_mean_ug_m3'
            when 'CO' then 'air_co_p95_mg_m3' when 'O3' then 'air_o3_p90_ug_m3' end
    where p.subject_type = 'area'
),

composites as (
    select
        p.subject_id, p.period_type, p.period, p.basis, p.regime,
        max(p.maturity) as maturity,
        min(p.day_count) as observed_count,
        count(*) as item_count,
        count(p.quality_index) as complete_count,
        {{ join_text("case when p.quality_index is null then p.factor_code end", '、') }} as short_factors,
        sum({{ mul('p.quality_index', 'p.composite_weight', 12) }}) as weighted_sum,
        sum(p.composite_weight) as weight_sum,
        max(case when p.status <> 'verified' then 1 else 0 end) as unverified_items
    from {{ ref('fct_air_period') }} as p
    where p.subject_type = 'area'
    group by p.subject_id, p.period_type, p.period, p.basis, p.regime
),

composite_values as (
    select
        c.subject_id, c.period_type, c.period, c.basis, c.maturity,
        case when c.unverified_items > 0 then 'unverified' else i.status end as status,
        i.indicator_code,
        case
            when c.complete_count < c.item_count then null
            when r.composite_divided_by_weights = 1 then cast({{ ratio('c.weighted_sum', 'c.weight_sum', 6, 12) }} as decimal(18, 6))
            else cast({{ round_half_up('c.weighted_sum', 6) }} as decimal(18, 6))
        end as value,
        case when c.complete_count = c.item_count then cast({{ round_half_up('c.weighted_sum', 6) }} as decimal(18, 6)) end as numerator,
        case when r.composite_divided_by_weights = 1 then cast(c.weight_sum as decimal(18, 6)) end as denominator,
        c.observed_count,
        case when c.complete_count < c.item_count then concat('有效天数不足的项目：', c.short_factors) end as reason_zh,
        c.regime
    from composites as c
    inner join rules as r on c.regime = r.regime
    inner join {{ ref('dim_indicator') }} as i on i.indicator_code = 'air_composite_index'
),

computed as (
    select * from day_values
    union all
    select * from concentrations
    union all
    select * from composite_values
),

subjects as (
    select
        a.area_code, p.period_type, p.period, p.period_start_date, p.period_end_date, p.basis, i.indicator_code,
        i.status, g.regime
    from {{ ref('dim_area') }} as a
    cross join periods as p
    inner join {{ ref('dim_indicator') }} as i on i.family = 'air'
    left join {{ ref('air_regime') }} as g
        on (p.rule_basis = 'default' and {{ in_force(add_days('p.period_end_date', '-1'), 'g.') }}) or p.rule_basis = g.regime
    where a.area_type in ('town', 'district') and {{ in_force('p.period_start_date', 'a.') }}
),

stations as (
    select area_code, count(*) as point_count from {{ ref('int_air_area_point') }}
    group by area_code
)

select
    'area' as subject_type,
    s.area_code as subject_id,
    s.indicator_code,
    s.period_type,
    s.period,
    s.period_start_date,
    s.period_end_date,
    s.basis,
    c.value,
    c.numerator,
    c.denominator,
    {{ days_between('s.period_start_date', 's.period_end_date') }} as expected_count,
    coalesce(c.observed_count, 0) as observed_count,
    c.maturity,
    case when c.value is null then 'missing' else 'applies' end as applicability,
    '监测认定' as input_basis,
    cast(null as varchar) as input_body,
    cast(null as varchar) as input_document,
    s.period as input_period,
    false as is_carried_forward,
    cast(null as date) as carried_from_date,
    case
        when n.area_code is null then '本区域没有参加评价的空气点位'
        when c.subject_id is null then '本时段没有监测数据'
        else c.reason_zh
    end as reason_zh,
    coalesce(c.regime, s.regime) as policy_version,
    coalesce(c.status, s.status) as status
from subjects as s
left join computed as c
    on s.area_code = c.subject_id and s.period_type = c.period_type and s.period = c.period
    and s.basis = c.basis and s.indicator_code = c.indicator_code
left join stations as n on s.area_code = n.area_code
