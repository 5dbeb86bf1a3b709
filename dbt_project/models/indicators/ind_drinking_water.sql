-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- coverage counts a point only if all its due samples came; compliance leaves out what cannot be judged, and says so.
-- Rural sites are sampled by half-year: their indicators are of a year
{{ config(meta={'evidence': [
    {'parent': 'fct_drinking_period', 'label_zh': '点位时段', 'when': 'length(subject_id) = 9', 'on': {'period_type': 'period_type',
        'period_start_date': 'period_start_date', 'town_code': 'subject_id',
        'medium': "case when indicator_code like 'rural%' then 'rural_water' else 'drinking_source' end"}},
    {'parent': 'fct_drinking_period', 'label_zh': '点位时段', 'when': 'length(subject_id) = 6', 'on': {'period_type': 'period_type',
        'period_start_date': 'period_start_date',
        'medium': "case when indicator_code like 'rural%' then 'rural_water' else 'drinking_source' end"}}]}) }}
with areas as (
    select area_code as town_code, area_code from {{ ref('dim_area') }} where area_type = 'town'
    union all
    select area_code, parent_code from {{ ref('dim_area') }} where area_type = 'town'
),

counted as (
    select
        a.area_code, p.medium, p.period_type, p.period_start_date, count(*) as point_count,
        count(p.is_covered) as closed_count, count(case when p.is_covered then 1 end) as covered_count,
        count(p.is_compliant) as judged_count, count(case when p.is_compliant then 1 end) as compliant_count,
        count(case when p.is_compliant is null and p.unjudged_count > 0 then 1 end) as unjudged_count,
        count(case when p.is_compliant is null and p.missing_count > 0 then 1 end) as lacking_count,
        sum(p.repeat_failure_count) as repeat_failure_count
    from {{ ref('fct_drinking_period') }} as p
    inner join areas as a on p.town_code = a.town_code
    where p.period_type in ('month', 'quarter', 'year')
    group by a.area_code, p.medium, p.period_type, p.period_start_date
),

told as (
    select
        area_code, period_type, period_start_date,
        case medium when 'rural_water' then 'rural_water_coverage_pct' else 'drinking_source_coverage_pct' end as indicator_code,
        case when closed_count = point_count
            then cast({{ ratio('covered_count * 100', 'point_count', 6) }} as decimal(18, 6)) end as value,
        covered_count as numerator, point_count as denominator, point_count as expected_count, closed_count as observed_count,
        case when closed_count < point_count then concat(cast(point_count - closed_count as varchar), ' 个点位未到报出期限') end as reason_zh
    from counted
    where medium = 'drinking_source' or period_type = 'year'
    union all
    select
        area_code, period_type, period_start_date,
        case medium when 'rural_water' then 'rural_water_compliance_pct' else 'drinking_source_compliance_pct' end,
        cast({{ ratio('compliant_count * 100', 'judged_count', 6) }} as decimal(18, 6)), compliant_count, judged_count, point_count,
        judged_count as observed_count,
        case
            when judged_count < point_count then concat(
                cast(point_count - judged_count as varchar), ' 个点位未评价：',
                case when medium = 'rural_water' and unjudged_count > 0 then '未评价（缺标准）' when lacking_count > 0 then '缺样'
                    when unjudged_count > 0 then '结果不能判定' else '未到报出期限' end)
        end
    from counted
    where medium = 'drinking_source' or period_type = 'year'
    union all
    select
        area_code, period_type, period_start_date, 'rural_water_repeat_failure_count', cast(repeat_failure_count as decimal(18, 6)),
        repeat_failure_count, cast(null as bigint), point_count, point_count as observed_count, cast(null as varchar)
    from counted
    where medium = 'rural_water' and period_type = 'year'
)

{{ indicator_rows('told', 'value', numerator='numerator', denominator='denominator',
    applicability="case when value is null then 'missing' else 'applies' end", reason='reason_zh', maturity="'reviewed'",
    policy_version="'饮用水监测计划（本项目约定）'", status="'illustrative'") }}
