-- grain: subject_id × period_type × period × component_code
-- the province's green index of the district: withheld while its official parameters are not known
select
    s.index_code,
    s.subject_id,
    a.name_zh as area_name_zh,
    s.period_type,
    s.period,
    s.component_code,
    coalesce(g.name_zh, '合计') as component_name_zh,
    -- the cell of the total is the index itself
    coalesce(s.indicator_code, s.index_code) as indicator_code,
    n.name_zh as indicator_name_zh,
    n.unit_symbol,
    s.value,
    s.floor_value,
    s.target_value,
    s.weight,
    s.score,
    s.contribution,
    s.applicability,
    s.input_basis,
    s.input_body,
    s.input_document,
    s.input_period,
    s.is_carried_forward,
    s.carried_from_date,
    s.clause_id,
    concat(l.standard_no, ' ', l.clause) as clause_zh,
    s.status,
    s.withheld_reason_zh
from {{ ref('fct_index_score') }} as s
left join {{ ref('green_index_parameter') }} as g on s.index_code = g.index_code and s.component_code = g.component_code
left join {{ ref('dim_indicator') }} as n on s.indicator_code = n.indicator_code
left join {{ ref('dim_area') }} as a on s.subject_id = a.area_code
left join {{ ref('dim_clause') }} as l on s.clause_id = l.clause_id
where s.index_code = 'provincial_green_index'
