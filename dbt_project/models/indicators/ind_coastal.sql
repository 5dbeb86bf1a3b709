-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- share of good sea area of the district: by sea area (basis), and together by the areas of the sea areas. Every site must have a class
-- and the weights must sum to 1, else the cell is blank and says why.
{{ config(meta={'evidence': [
    {'parent': 'fct_coastal_site', 'label_zh': '站位类别', 'on': {'period': 'period', 'rank_in_period': '1'}},
    {'parent': 'fct_coastal_weight', 'label_zh': '权重之和', 'on': {'period': 'substr(period, 1, 4)'}}]}) }}
with periods as (
    select distinct period, period_start_date from {{ ref('fct_coastal_site') }}
),

sites as (
    select
        p.period, p.period_start_date, w.sea_area, w.site_code, w.weight_share, s.is_good, s.maturity, s.reason_zh, s.status
    from periods as p
    inner join {{ ref('stg_coastal_site_weight') }} as w on w.period = substr(p.period, 1, 4)
    left join {{ ref('fct_coastal_site') }} as s
        on s.point_id = concat('coastal_water:', w.site_code) and s.period = p.period and s.rank_in_period = 1
),

by_area as (
    select
        s.period_start_date, s.sea_area as basis, count(*) as expected_count, count(s.is_good) as observed_count,
        sum(case when s.is_good then s.weight_share else 0 end) as good_weight,
        max(w.weight_sum) as weight_sum, max(w.area_km2) as area_km2,
        min(case when w.is_sum_one then 1 else 0 end) as is_sum_one,
        min(s.maturity) as maturity, max(s.maturity) as last_maturity, min(s.reason_zh) as reason_zh, {{ worst_status('s.status') }} as status
    from sites as s
    left join {{ ref('fct_coastal_weight') }} as w on s.sea_area = w.sea_area and w.period = substr(s.period, 1, 4)
    group by s.period_start_date, s.sea_area
),

valued as (
    select
        b.*,
        case when b.is_sum_one = 1 and b.observed_count = b.expected_count
            then cast({{ ratio('b.good_weight * 100', 'b.weight_sum', 6) }} as decimal(18, 6)) end as value
    from by_area as b
),

together as (
    select
        period_start_date, basis, expected_count, observed_count, value, good_weight as numerator, weight_sum as denominator, is_sum_one,
        case when maturity = last_maturity then maturity when observed_count > 0 then 'preliminary' end as maturity, reason_zh, status
    from valued
    union all
    select
        period_start_date, 'default' as basis, sum(expected_count) as expected_count, sum(observed_count) as observed_count,
        case when count(value) = count(*) and count(area_km2) = count(*)
            then cast({{ ratio('sum(' ~ mul('value', 'area_km2', 12) ~ ')', 'sum(area_km2)', 6, 12) }} as decimal(18, 6)) end as value,
        cast(null as decimal(38, 6)) as numerator, cast(sum(area_km2) as decimal(38, 6)) as denominator, min(is_sum_one) as is_sum_one,
        case when min(maturity) = max(last_maturity) then min(maturity) when sum(observed_count) > 0 then 'preliminary' end as maturity,
        min(reason_zh) as reason_zh, {{ worst_status('status') }} as status
    from valued
    group by period_start_date
),

told as (
    select t.*, 'quarter' as period_type, a.area_code, 'coastal_good_area_share_pct' as indicator_code
    from together as t
    cross join (select area_code from {{ ref('dim_area') }} where area_type = 'district') as a
)

{{ indicator_rows('told', 'value', 'numerator', 'denominator', applicability="case when value is null then 'missing' else 'applies' end",
    reason="case when value is not null then null when is_sum_one = 0 then '站位权重之和不为 1，待报送方更正' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 个站位无类别', coalesce('：' || reason_zh, '')) else '缺代表面积' end",
    maturity='maturity', policy_version="'GB 3097-1997（限值空缺）'", status="coalesce(status, 'unverified')", basis='basis') }}
