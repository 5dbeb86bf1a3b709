-- grain: index_code × scheme_version × subject_id × period_type × period × component_code
-- the district's own scheme, all of it seed rows; `weight` is the scheme's weight in shares, the total's is their sum
with schemes as (
    select * from {{ ref('scheme') }}
    where scheme_mode = '{{ var("scheme_mode") }}' and subject_type = 'town'
),

curves as (
    select
        scheme_version,
        component_code,
        count(*) as point_count,
        count(case when x_value is not null and score is not null then 1 end) as known_count,
        min(point_no) as first_no,
        max(point_no) as last_no,
        {{ join_text("concat(" ~ plain('x_value') ~ ", ':', " ~ plain('score') ~ ")", '|', 'point_no') }} as curve
    from {{ ref('scheme_curve') }}
    group by scheme_version, component_code
),

components as (
    select
        s.scheme_version,
        s.status as scheme_status,
        s.missing_rule,
        s.not_applicable_rule,
        s.carry_rule,
        s.valid_from,
        s.valid_to,
        c.component_code,
        c.name_zh,
        c.sort_no,
        c.indicator_code,
        c.basis,
        c.weight,
        c.requires_medium,
        c.requires_role,
        c.clause_id,
        k.curve,
        f.x_value as floor_value,
        f.score as floor_score,
        t.x_value as target_value,
        t.score as target_score,
        coalesce(k.known_count = k.point_count and k.point_count >= 2, false) as has_curve
    from schemes as s
    inner join {{ ref('scheme_component') }} as c on s.scheme_version = c.scheme_version
    left join curves as k on c.scheme_version = k.scheme_version and c.component_code = k.component_code
    left join {{ ref('scheme_curve') }} as f
        on k.scheme_version = f.scheme_version and k.component_code = f.component_code and k.first_no = f.point_no
    left join {{ ref('scheme_curve') }} as t
        on k.scheme_version = t.scheme_version and k.component_code = t.component_code and k.last_no = t.point_no
),

input_values as (
    select v.*
    from {{ ref('fct_indicator_value') }} as v
    inner join (select distinct indicator_code, basis from components) as c
        on v.indicator_code = c.indicator_code and v.basis = c.basis
    where v.subject_type = 'area' and v.period_type in ('month', 'quarter', 'year')
),

periods as (
    select distinct period_type, period, period_start_date, period_end_date from input_values
),

towns as (
    select
        a.area_code as subject_id,
        a.valid_from,
        a.valid_to
    from {{ ref('dim_area') }} as a
    where a.area_type = 'town'
),

placed as (
    select
        c.*,
        w.subject_id,
        p.period_type,
        p.period,
        p.period_start_date,
        p.period_end_date,
        v.value as reported_value,
        v.applicability as reported_applicability,
        v.input_basis,
        v.input_body,
        v.input_document,
        v.input_period,
        coalesce(v.is_carried_forward, false) as is_carried_forward,
        v.carried_from_date,
        v.reason_zh,
        v.status as input_status,
        c.requires_medium is not null and not exists (
            select 1 from {{ ref('dim_point') }} as d
            where
                d.medium = c.requires_medium and d.role = c.requires_role and d.town_code = w.subject_id
                and (d.valid_from is null or d.valid_from < p.period_end_date)
                and (d.valid_to is null or d.valid_to > p.period_start_date)
        ) as lacks_point
    from components as c
    cross join towns as w
    cross join periods as p
    left join input_values as v
        on
            w.subject_id = v.subject_id
            and c.indicator_code = v.indicator_code
            and c.basis = v.basis
            and p.period_type = v.period_type
            and p.period = v.period
    where
        {{ in_force('p.period_start_date', 'c.') }}
        and {{ in_force('p.period_start_date', 'w.') }}
),

judged as (
    select
        *,
        case
            when reported_applicability = 'not_applicable' then 'not_applicable'
            when reported_value is null and lacks_point then 'not_applicable'
            when reported_value is null then 'missing'
            when is_carried_forward and carry_rule <> 'carry' then 'missing'
            else 'applies'
        end as applicability
    from placed
),

segments as (
    select
        a.scheme_version,
        a.component_code,
        a.point_no,
        a.x_value as x1,
        b.x_value as x2,
        a.score as s1,
        b.score as s2
    from {{ ref('scheme_curve') }} as a
    inner join {{ ref('scheme_curve') }} as b
        on
            a.scheme_version = b.scheme_version and a.component_code = b.component_code
            and a.point_no + 1 = b.point_no and a.x_value <> b.x_value
),

inside as (
    {{ latest_by_key(
        "(select j.subject_id, j.period_type, j.period, s.*, j.reported_value as x from judged as j inner join segments as s on j.scheme_version = s.scheme_version and j.component_code = s.component_code and j.reported_value between least(s.x1, s.x2) and greatest(s.x1, s.x2))",
        ['scheme_version', 'subject_id', 'period_type', 'period', 'component_code'],
        ['point_no asc']
    ) }}
),

scored as (
    select
        j.*,
        case
            when j.applicability <> 'applies' or not j.has_curve then null
            when i.x is not null
                then i.s1 + {{ ratio(mul('(i.x - i.x1)', '(i.s2 - i.s1)', 12), '(i.x2 - i.x1)', 6, 12) }}
            when (j.target_value > j.floor_value) = (j.reported_value > j.target_value) then j.target_score
            else j.floor_score
        end as score
    from judged as j
    left join inside as i
        on
            j.scheme_version = i.scheme_version
            and j.component_code = i.component_code
            and j.subject_id = i.subject_id
            and j.period_type = i.period_type
            and j.period = i.period
),

counted as (
    select
        *,
        -- the weight with which the component stands in the total: none where it is left out by the scheme's rule
        case
            when applicability = 'applies' then weight
            when applicability = 'missing' and missing_rule = 'zero' then weight
            else 0
        end as counted_weight,
        case when applicability = 'missing' and missing_rule = 'zero' then 0 else score end as counted_score
    from scored
),

totals as (
    select
        scheme_version,
        subject_id,
        period_type,
        period,
        min(period_start_date) as period_start_date,
        min(scheme_status) as scheme_status,
        cast(sum(counted_weight) as decimal(18, 6)) as weight_sum,
        sum(case when counted_weight > 0 then {{ mul('counted_weight', 'counted_score', 12) }} end) as weighted_sum,
        count(case when weight is null then 1 end) as no_weight_count,
        count(case when not has_curve then 1 end) as no_curve_count,
        count(case when applicability = 'missing' and missing_rule = 'withhold' then 1 end) as missing_count,
        count(case when applicability = 'not_applicable' and not_applicable_rule = 'withhold' then 1 end) as barred_count,
        {{ join_text("case when weight is null then name_zh end", '、', 'sort_no') }} as no_weight_zh,
        {{ join_text("case when not has_curve then name_zh end", '、', 'sort_no') }} as no_curve_zh,
        {{ join_text("case when applicability = 'missing' and missing_rule = 'withhold' then name_zh end", '、', 'sort_no') }} as missing_zh,
        max(case when is_carried_forward and applicability = 'applies' then 1 else 0 end) = 1 as is_carried_forward,
        max(case when applicability = 'applies' then carried_from_date end) as carried_from_date,
        max(case when applicability = 'applies' and coalesce(input_status, 'unverified') = 'unverified' then 1 else 0 end)
            as unverified_count
    from counted
    group by scheme_version, subject_id, period_type, period
),

concluded as (
    select
        *,
        case
            when no_weight_count > 0 or no_curve_count > 0
                then concat(
                    '缺少参数：',
                    case when no_weight_count > 0 then concat('权重（', no_weight_zh, '）') else '' end,
                    case when no_curve_count > 0 then concat('曲线（', no_curve_zh, '）') else '' end)
            when missing_count > 0 then concat('缺数：', missing_zh)
            when barred_count > 0 then '有不适用的组成，方案规定不出分'
            when weight_sum = 0 then '全部组成不适用'
        end as withheld_reason_zh,
        case
            when scheme_status = 'illustrative' then 'illustrative'
            when unverified_count > 0 then 'unverified'
            else scheme_status
        end as status
    from totals
),

all_rows as (
    select
        c.scheme_version, c.subject_id, c.period_type, c.period, c.component_code, c.indicator_code,
        c.reported_value as value, c.floor_value, c.target_value, c.curve, c.weight, c.score,
        case
            when t.withheld_reason_zh is null and c.counted_weight > 0
                then {{ ratio(mul('c.counted_weight', 'c.counted_score', 12), 't.weight_sum', 6, 12) }}
        end as contribution,
        c.applicability, c.input_basis, c.input_body, c.input_document, c.input_period, c.is_carried_forward,
        c.carried_from_date, c.clause_id, t.status,
        case
            when c.weight is null and not c.has_curve then '缺少参数：权重、曲线'
            when c.weight is null then '缺少参数：权重'
            when not c.has_curve then '缺少参数：曲线'
            when c.applicability = 'not_applicable' and c.reported_applicability is null
                then '不适用：没有所需的点位，权重按比例分给其他组成'
            when c.applicability = 'not_applicable' then coalesce(c.reason_zh, '不适用')
            when c.applicability = 'missing' and c.reported_value is not null then '方案规定不沿用上期'
            when c.applicability = 'missing' then coalesce(c.reason_zh, '缺数')
        end as withheld_reason_zh
    from counted as c
    inner join concluded as t
        on
            c.scheme_version = t.scheme_version
            and c.subject_id = t.subject_id
            and c.period_type = t.period_type
            and c.period = t.period
    union all
    select
        t.scheme_version, t.subject_id, t.period_type, t.period, 'total' as component_code,
        cast(null as varchar) as indicator_code, cast(null as decimal(18, 6)) as value,
        cast(null as decimal(18, 6)) as floor_value, cast(null as decimal(18, 6)) as target_value,
        cast(null as varchar) as curve, t.weight_sum as weight,
        case when t.withheld_reason_zh is null then {{ ratio('t.weighted_sum', 't.weight_sum', 6, 12) }} end as score,
        case when t.withheld_reason_zh is null then {{ ratio('t.weighted_sum', 't.weight_sum', 6, 12) }} end
            as contribution,
        case when t.withheld_reason_zh is null then 'applies' else 'missing' end as applicability,
        cast(null as varchar) as input_basis, cast(null as varchar) as input_body,
        cast(null as varchar) as input_document, cast(null as varchar) as input_period,
        t.is_carried_forward, t.carried_from_date,
        'keqiao_plan_4_8_3' as clause_id, t.status, t.withheld_reason_zh
    from concluded as t
)

{{ score_select('all_rows', {'index_code': "'town_green_assessment'", 'amount_10k_cny': 'null'}) }}
