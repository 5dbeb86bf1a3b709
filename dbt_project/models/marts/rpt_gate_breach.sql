-- grain: event_id
-- entries against the ban, and entries that could not be judged
select
    'mobile_gate_breach_count' as indicator_code, b.town_code as subject_id, {{ period_label('b.month', 'month') }} as period, b.event_id,
    b.vehicle_id, b.is_registered, b.place_code as gate_code, a.name_zh as town_name_zh, b.occurred_at, b.vehicle_class, b.emission_stage,
    b.stage_basis, b.is_stage_contradicted, coalesce(b.is_breach, false) as is_breach, b.rule_id, b.clause_id, b.reason_zh, b.status
from {{ ref('fct_gate_breach') }} as b
left join {{ ref('dim_area') }} as a on b.town_code = a.area_code
where b.is_breach or b.is_breach is null
