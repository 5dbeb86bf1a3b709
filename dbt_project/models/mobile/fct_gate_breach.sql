-- grain: event_id
-- every entry through a gate, judged by the ban in force on its day
{{ config(meta={'evidence': [
    {'parent': 'fct_mobile_event', 'label_zh': '门禁记录', 'on': {'event_kind': "'gate_access'", 'event_id': 'event_id'}}]}) }}
with ruled as (
    select
        e.event_id, e.vehicle_id, e.is_registered, e.place_code, e.town_code, e.occurred_at, e.month, e.vehicle_class,
        e.emission_stage, e.stage_no, e.stage_basis, e.is_stage_contradicted, r.rule_id, r.clause_id, r.status, e._load_id, e._row_no,
        row_number() over (partition by e.event_id order by r.valid_from desc nulls last, r.rule_id asc) as choice
    from {{ ref('fct_mobile_event') }} as e
    left join {{ ref('gate_ban_rule') }} as r
        on r.vehicle_class in ('*', e.vehicle_class) and e.stage_no <= r.max_stage_no
        and {{ in_force(date_of('e.occurred_at'), 'r.') }}
    where e.event_kind = 'gate_access' and e.direction = 'in'
)

select
    event_id, vehicle_id, is_registered, place_code, town_code, occurred_at, month, vehicle_class, emission_stage, stage_no, stage_basis,
    is_stage_contradicted,
    case when stage_no is null then null else rule_id is not null end as is_breach,
    rule_id, clause_id,
    case
        when stage_no is null then '未判定：排放阶段不明'
        when rule_id is not null and is_stage_contradicted then '违反限行；门禁登记的阶段与名录不符，以名录为准'
        when rule_id is not null then '违反限行'
    end as reason_zh,
    coalesce(status, 'illustrative') as status,
    _load_id, _row_no
from ruled
where choice = 1
