-- grain: index_code × scheme_version × subject_id × period_type × period × component_code
-- the seven fiscal items of plan 4.8.3 for the district, by year; never added up, each in its own unit and money
-- component_code: item | rate | basis of the indicator; the rate is blank where no round covers the year
with districts as (
    select area_code from {{ ref('dim_area') }}
    where area_type = 'district'
),

annual as (
    select v.*
    from {{ ref('fct_indicator_value') }} as v
    inner join districts as d on v.subject_id = d.area_code
    where v.subject_type = 'area' and v.period_type = 'year'
),

years as (
    select distinct a.subject_id, a.period, a.period_start_date
    from annual as a
    where a.indicator_code in (select indicator_code from {{ ref('fiscal_item') }})
),

-- every item once a year and basis, with or without a value
items as (
    select
        y.subject_id, y.period, y.period_start_date, i.item_code, i.name_zh, i.indicator_code, i.clause_id,
        coalesce(v.basis, 'default') as basis, v.value, coalesce(v.applicability, 'missing') as applicability,
        v.input_basis, v.input_body, v.input_document, v.input_period,
        coalesce(v.is_carried_forward, false) as is_carried_forward, v.carried_from_date, v.reason_zh
    from years as y
    cross join {{ ref('fiscal_item') }} as i
    left join annual as v
        on
            y.subject_id = v.subject_id and y.period = v.period and i.indicator_code = v.indicator_code
            and (i.basis = '*' or i.basis = v.basis)
),

rated as (
    select
        i.*,
        r.rate_id, r.metric, r.direction, r.amount, r.unit, r.round, r.eligible_area_class, r.policy_zh,
        r.sign as rate_sign, c.is_member, c.note_zh,
        m.value as metric_value,
        p.value as previous_value
    from items as i
    left join {{ ref('fiscal_rate') }} as r
        on
            i.item_code = r.item_code
            and (r.round is null or {{ in_force('i.period_start_date', 'r.') }})
    left join {{ ref('area_class') }} as c
        on
            i.subject_id = c.area_code and r.eligible_area_class = c.area_class
            and {{ in_force('i.period_start_date', 'c.') }}
    left join annual as m
        on i.subject_id = m.subject_id and i.period = m.period and r.metric = m.indicator_code and i.basis = m.basis
    left join annual as p
        on
            i.subject_id = p.subject_id and r.metric = p.indicator_code and i.basis = p.basis
            and i.period_start_date = {{ add_months('p.period_start_date', 12) }}
),

changed as (
    select
        *,
        case
            when direction = 'level' then metric_value
            when metric like '%change_pct' then metric_value
            else metric_value - previous_value
        end as quantity
    from rated
),

judged as (
    select
        *,
        case
            when rate_id is null then concat(period, ' 年不在已知标准的轮次内，该轮标准未找到')
            when is_member is null then concat('是否属于适用地区类别未定：', coalesce(note_zh, eligible_area_class))
            when not is_member then concat('不属于适用地区类别：', note_zh)
            when amount is null then concat('标准未找到：', policy_zh)
            when direction not in ('level', 'increase', 'decrease') then '计算所需的全省平均值或目标值未找到'
            when quantity is null then concat('缺数：', coalesce(reason_zh, metric))
        end as withheld_reason_zh
    from changed
)

select
    'fiscal_items' as index_code,
    coalesce(round, 'unknown') as scheme_version,
    subject_id,
    'year' as period_type,
    period,
    concat(item_code, '|', coalesce(rate_id, ''), '|', basis) as component_code,
    case when rate_id is null or metric_value is null then indicator_code else metric end as indicator_code,
    cast(coalesce(metric_value, value) as decimal(18, 6)) as value,
    cast(null as decimal(18, 6)) as floor_value,
    cast(null as decimal(18, 6)) as target_value,
    cast(null as varchar) as curve,
    cast(null as decimal(18, 6)) as weight,
    cast(null as decimal(18, 6)) as score,
    cast(null as decimal(18, 6)) as contribution,
    cast(case
        when withheld_reason_zh is not null then null
        when direction = 'level' and unit like '元/%' then {{ ratio(mul('quantity', 'amount', 12), '10000', 6, 12) }}
        when direction = 'level' then {{ mul('quantity', 'amount', 6) }}
        when direction = 'decrease' then {{ mul('greatest(-quantity, 0)', 'amount', 6) }}
        -- a rise is rewarded or charged as the sign of the rate says
        when direction = 'increase'
            then {{ mul("greatest(quantity, 0) * (case when rate_sign = '-' then -1 else 1 end)", 'amount', 6) }}
    end as decimal(18, 6)) as amount_10k_cny,
    applicability,
    input_basis,
    input_body,
    input_document,
    input_period,
    is_carried_forward,
    carried_from_date,
    clause_id,
    -- whether part of a point counts was not seen: money computed from a verified rate stays unverified
    'unverified' as status,
    withheld_reason_zh
from judged
