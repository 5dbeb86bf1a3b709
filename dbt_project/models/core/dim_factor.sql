-- grain: factor_code
select
    f.factor_code, f.name_zh, f.name_en, f.medium, f.unit, u.symbol as unit_symbol, f.status, f.source_note
from {{ ref('factor') }} as f
left join {{ ref('unit') }} as u on f.unit = u.unit_code
