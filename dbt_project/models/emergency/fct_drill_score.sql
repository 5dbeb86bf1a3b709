-- grain: case_id × item
-- What each step of an incident or drill took against the seeded times: full points up to full_minutes, none from
-- zero_minutes, a straight line between. A drill that lacks a step has no total: a gap is not a good mark.
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'fct_incident_event', 'label_zh': '回放的记录', 'on': {'case_id': 'case_id'}}]}) }}
with cases as (
    select case_id, case_kind, min(event_at) as started_at, min(month) as month from {{ ref('fct_incident_event') }}
    group by case_id, case_kind
),

firsts as (
    select case_id, event, min(event_at) as event_at from {{ ref('fct_incident_event') }}
    where is_legal
    group by case_id, event
),

measured as (
    select
        c.case_id, c.case_kind, c.month, s.item, s.name_zh, s.weight, s.full_minutes, s.zero_minutes, s.clause_id, s.status,
        a.event_at as from_at, b.event_at as to_at,
        cast({{ ratio(seconds_between('a.event_at', 'b.event_at'), '60', 6) }} as decimal(18, 6)) as elapsed_minutes
    from cases as c
    inner join {{ ref('emergency_score_rule') }} as s on {{ in_force(date_of('c.started_at'), 's.') }}
    left join firsts as a on c.case_id = a.case_id and s.from_event = a.event
    left join firsts as b on c.case_id = b.case_id and s.to_event = b.event
),

scored as (
    select
        m.*,
        case
            when m.elapsed_minutes <= m.full_minutes then cast(100 as decimal(18, 6))
            when m.elapsed_minutes >= m.zero_minutes then cast(0 as decimal(18, 6))
            else cast({{ ratio('100 * (m.zero_minutes - m.elapsed_minutes)', 'm.zero_minutes - m.full_minutes', 6) }} as decimal(18, 6))
        end as score
    from measured as m
)

select
    case_id, case_kind, item, name_zh, from_at, to_at, elapsed_minutes, full_minutes, zero_minutes, weight, score,
    case when elapsed_minutes is null then '缺少环节：未评分' end as reason_zh,
    clause_id, status, month
from scored
union all
select
    case_id, case_kind, 'total' as item, '总分' as name_zh, min(from_at) as from_at, max(to_at) as to_at,
    cast(null as decimal(18, 6)) as elapsed_minutes, cast(null as decimal(18, 6)) as full_minutes,
    cast(null as decimal(18, 6)) as zero_minutes, cast(sum(weight) as decimal(18, 6)) as weight,
    case when count(*) = count(score) then cast({{ ratio('sum(cast(' ~ mul('score', 'weight', 6) ~ ' as decimal(38, 6)))', 'sum(weight)', 6) }} as decimal(18, 6)) end as score,
    case when count(*) > count(score) then concat('缺 ', cast(count(*) - count(score) as varchar), ' 个环节：不出总分') end as reason_zh,
    min(clause_id) as clause_id,
    {{ worst_status('status') }} as status,
    min(month) as month
from scored
group by case_id, case_kind
