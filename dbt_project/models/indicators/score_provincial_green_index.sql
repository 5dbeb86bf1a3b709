-- grain: index_code × scheme_version × subject_id × period_type × period × component_code
-- subject: the district; a component without its official weight, floor or target withholds the index
with input_values as (
    select v.*
    from {{ ref('fct_indicator_value') }} as v
    inner join {{ ref('dim_area') }} as a on v.subject_id = a.area_code and a.area_type = 'district'
    where
        v.subject_type = 'area' and v.period_type in ('month', 'quarter', 'year')
        and v.indicator_code in (select indicator_code from {{ ref('green_index_parameter') }})
),

periods as (
    select distinct subject_id, period_type, period, period_start_date from input_values
),

placed as (
    select
        g.component_code, g.name_zh, g.indicator_code, g.weight_pct as weight, g.floor_value, g.target_value,
        g.clause_id, g.status, p.subject_id, p.period_type, p.period,
        v.value, coalesce(v.applicability, 'missing') as applicability, v.input_basis, v.input_body,
        v.input_document, v.input_period, coalesce(v.is_carried_forward, false) as is_carried_forward,
        v.carried_from_date, v.reason_zh,
        g.weight_pct is null as lacks_weight,
        g.floor_value is null or g.target_value is null or g.floor_value = g.target_value as lacks_curve
    from {{ ref('green_index_parameter') }} as g
    cross join periods as p
    left join input_values as v
        on
            g.indicator_code = v.indicator_code and g.basis = v.basis and p.subject_id = v.subject_id
            and p.period_type = v.period_type and p.period = v.period
    where g.index_code = 'provincial_green_index' and {{ in_force('p.period_start_date', 'g.') }}
),

scored as (
    select
        *,
        case
            when applicability <> 'applies' or value is null or lacks_curve then null
            else least(greatest(
                {{ ratio(mul('(value - floor_value)', '100', 12), '(target_value - floor_value)', 6, 12) }}, 0), 100)
        end as score
    from placed
),

totals as (
    select
        subject_id, period_type, period,
        cast(sum(weight) as decimal(18, 6)) as weight,
        sum({{ mul('weight', 'score', 12) }}) as weighted_sum,
        count(case when lacks_weight then 1 end) as no_weight_count,
        count(case when lacks_curve then 1 end) as no_curve_count,
        count(case when score is null then 1 end) as no_score_count,
        {{ join_text("case when lacks_weight then name_zh end", '、', 'component_code') }} as no_weight_zh,
        {{ join_text("case when lacks_curve then name_zh end", '、', 'component_code') }} as no_curve_zh,
        {{ join_text("case when score is null then name_zh end", '、', 'component_code') }} as no_score_zh,
        max(case when status = 'unverified' then 1 else 0 end) as unverified_count,
        min(clause_id) as clause_id
    from scored
    group by subject_id, period_type, period
),

concluded as (
    select
        *,
        case
            when no_weight_count > 0 or no_curve_count > 0
                then concat(
                    '不计算，缺少官方参数：',
                    case when no_weight_count > 0 then concat('权重（', no_weight_zh, '）') else '' end,
                    case when no_curve_count > 0 then concat('评分底线与目标（', no_curve_zh, '）') else '' end)
            when no_score_count > 0 then concat('缺数：', no_score_zh)
        end as withheld_reason_zh
    from totals
),

all_rows as (
    select
        s.subject_id, s.period_type, s.period, s.component_code, s.indicator_code, s.value, s.floor_value,
        s.target_value, s.weight, s.score,
        case
            when t.withheld_reason_zh is null then {{ ratio(mul('s.weight', 's.score', 12), 't.weight', 6, 12) }}
        end as contribution,
        s.applicability, s.input_basis, s.input_body, s.input_document, s.input_period, s.is_carried_forward,
        s.carried_from_date, s.clause_id, s.status,
        case
            when s.lacks_weight and s.lacks_curve then '缺少官方参数：权重、评分底线与目标'
            when s.lacks_weight then '缺少官方参数：权重'
            when s.lacks_curve then '缺少官方参数：评分底线与目标'
            when s.score is null then coalesce(s.reason_zh, '缺数')
        end as withheld_reason_zh
    from scored as s
    inner join concluded as t
        on s.subject_id = t.subject_id and s.period_type = t.period_type and s.period = t.period
    union all
    select
        t.subject_id, t.period_type, t.period, 'total' as component_code,
        cast(null as varchar) as indicator_code, cast(null as decimal(18, 6)) as value,
        cast(null as decimal(18, 6)) as floor_value, cast(null as decimal(18, 6)) as target_value, t.weight,
        case when t.withheld_reason_zh is null then {{ ratio('t.weighted_sum', 't.weight', 6, 12) }} end as score,
        case when t.withheld_reason_zh is null then {{ ratio('t.weighted_sum', 't.weight', 6, 12) }} end as contribution,
        case when t.withheld_reason_zh is null then 'applies' else 'missing' end as applicability,
        cast(null as varchar) as input_basis, cast(null as varchar) as input_body,
        cast(null as varchar) as input_document, cast(null as varchar) as input_period,
        false as is_carried_forward, cast(null as date) as carried_from_date, t.clause_id,
        case when t.unverified_count > 0 then 'unverified' else 'verified' end as status, t.withheld_reason_zh
    from concluded as t
)

{{ score_select('all_rows', {
    'index_code': "'provincial_green_index'", 'scheme_version': "'province'", 'curve': "'linear'", 'amount_10k_cny': 'null'
}) }}
