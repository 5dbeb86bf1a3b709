-- grain: indicator_code
select
    i.indicator_code, i.name_zh, i.name_en, i.unit, u.symbol as unit_symbol, i.direction, i.family,
    i.is_additive, i.clause_id, i.status, i.definition_zh
from {{ ref('indicator') }} as i
left join {{ ref('unit') }} as u on i.unit = u.unit_code
