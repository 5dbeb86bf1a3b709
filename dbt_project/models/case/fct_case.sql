-- grain: case_id
-- one case (complaint work order or message)
with states as (
    {{ latest_by_key(ref('fct_case_event'), ['case_id'], ['event_no desc'], ['case_id', 'to_state']) }}
),

faults as (
    select
        case_id,
        cast(sum(case when is_legal then 0 else 1 end) as bigint) as illegal_event_count
    from {{ ref('fct_case_event') }}
    group by case_id
),

clocks as (
    select
        case_id,
        cast(count(*) as bigint) as key_clock_count,
        sum(case when clock_state in ('late', 'overdue') then 1 else 0 end) as late_count,
        sum(case when clock_state = 'running' then 1 else 0 end) as running_count,
        sum(case when clock_state = 'in_time' then 1 else 0 end) as in_time_count,
        sum(case when clock_state = 'no_limit' then 1 else 0 end) as no_limit_count,
        sum(case when clock_state = 'no_calendar' then 1 else 0 end) as no_calendar_count
    from {{ ref('fct_case_clock') }}
    where is_key
    group by case_id
)

select
    c.case_id,
    c.case_kind,
    c.channel,
    c.purpose,
    c.category,
    c.town_code,
    c.town_name_as_sent,
    c.town_code is not null as is_town_known,
    c.enterprise_name,
    c.received_at,
    c.accepted_at,
    c.assigned_at,
    c.replied_at,
    c.closed_at,
    c.updated_at,
    c.extended_days,
    c.satisfaction,
    coalesce(s.to_state, 'none') as case_state,
    coalesce(f.illegal_event_count, 0) as illegal_event_count,
    cast({{ days_between('c.received_at', 'c.replied_at') }} as int) as reply_days,
    case
        when k.key_clock_count is null then 'no_rule'
        when k.late_count > 0 then 'late'
        when k.running_count > 0 then 'running'
        when k.in_time_count > 0 then 'in_time'
        when k.no_calendar_count > 0 then 'no_calendar'
        when k.no_limit_count = k.key_clock_count then 'no_limit'
        else 'not_started'
    end as handling,
    r.repeat_of_case_id is not null as is_repeat,
    r.repeat_of_case_id,
    r.duplicate_of_case_id is not null as is_duplicate_text,
    r.duplicate_of_case_id,
    c.complainant_hash,
    {{ month_of('c.received_at') }} as month,
    c.source,
    c._load_id,
    c._row_no
from {{ ref('int_case') }} as c
left join {{ ref('int_case_repeat') }} as r on c.case_id = r.case_id
left join states as s on c.case_id = s.case_id
left join faults as f on c.case_id = f.case_id
left join clocks as k on c.case_id = k.case_id
