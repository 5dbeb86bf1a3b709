-- grain: subject_id × period_type × period × component_code
-- every component of the town assessment as it went into the score
with totals as (
    select scheme_version, subject_id, period_type, period, weight, withheld_reason_zh
    from {{ ref('fct_index_score') }}
    where index_code = 'town_green_assessment' and component_code = 'total'
)

select
    s.index_code,
    s.scheme_version,
    c.name_zh as scheme_name_zh,
    c.label_zh,
    s.subject_id,
    a.name_zh as town_name_zh,
    s.period_type,
    s.period,
    s.component_code,
    coalesce(k.name_zh, '合计') as component_name_zh,
    k.factor,
    coalesce(k.sort_no, 99) as sort_no,
    -- the cell of the total is the index itself
    coalesce(s.indicator_code, s.index_code) as indicator_code,
    i.unit_symbol,
    s.value,
    s.floor_value,
    s.target_value,
    s.curve,
    s.weight,
    case
        when s.contribution is not null
            then cast({{ ratio(mul('s.weight', '100', 6), 't.weight', 6) }} as decimal(18, 6))
    end as weight_share_pct,
    s.score,
    s.contribution,
    s.applicability,
    case s.applicability when 'applies' then '适用' when 'not_applicable' then '不适用' else '缺数' end as applicability_zh,
    s.input_basis,
    s.input_body,
    s.input_document,
    s.input_period,
    s.is_carried_forward,
    s.carried_from_date,
    case when s.is_carried_forward then concat('沿用 ', cast(s.carried_from_date as varchar)) end as carried_zh,
    s.clause_id,
    concat(l.standard_no, ' ', l.clause) as clause_zh,
    s.status,
    s.withheld_reason_zh
from {{ ref('fct_index_score') }} as s
inner join {{ ref('scheme') }} as c on s.scheme_version = c.scheme_version
left join totals as t
    on
        s.scheme_version = t.scheme_version and s.subject_id = t.subject_id and s.period_type = t.period_type
        and s.period = t.period
left join {{ ref('scheme_component') }} as k
    on s.scheme_version = k.scheme_version and s.component_code = k.component_code
left join {{ ref('dim_indicator') }} as i on s.indicator_code = i.indicator_code
left join {{ ref('dim_area') }} as a on s.subject_id = a.area_code
left join {{ ref('dim_clause') }} as l on s.clause_id = l.clause_id
where s.index_code = 'town_green_assessment'
