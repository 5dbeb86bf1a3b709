-- grain: subject_id × period × component_code
-- the seven fiscal items, each in its own unit and money; they are never added up
with split as (
    select
        *,
        split_part(component_code, '|', 1) as item_code,
        nullif(split_part(component_code, '|', 2), '') as rate_id,
        split_part(component_code, '|', 3) as basis
    from {{ ref('fct_index_score') }}
    where index_code = 'fiscal_items'
)

select
    s.index_code,
    s.subject_id,
    a.name_zh as area_name_zh,
    s.period_type,
    s.period,
    s.component_code,
    i.sort_no,
    s.item_code,
    i.name_zh as item_name_zh,
    s.indicator_code,
    s.basis,
    n.name_zh as indicator_name_zh,
    n.unit_symbol,
    s.value,
    s.rate_id,
    r.condition,
    cast(r.amount as decimal(18, 6)) as amount,
    r.sign as amount_sign,
    r.unit as amount_unit,
    r.round as policy_round,
    r.eligible_area_class,
    s.amount_10k_cny,
    s.applicability,
    s.input_basis,
    s.input_body,
    s.input_document,
    s.input_period,
    s.is_carried_forward,
    s.carried_from_date,
    s.clause_id,
    concat(l.standard_no, ' ', l.clause) as clause_zh,
    r.source_note,
    s.status,
    s.withheld_reason_zh
from split as s
left join {{ ref('fiscal_item') }} as i on s.item_code = i.item_code
left join {{ ref('fiscal_rate') }} as r on s.rate_id = r.rate_id
left join {{ ref('dim_indicator') }} as n on s.indicator_code = n.indicator_code
left join {{ ref('dim_area') }} as a on s.subject_id = a.area_code
left join {{ ref('dim_clause') }} as l on s.clause_id = l.clause_id
