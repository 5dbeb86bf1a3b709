-- grain: case_id × clock
-- one clock of one case; the rule in force when the clock starts applies
-- days count from the day after the start (the start's own day is day 0) and end with the last day
with calendar as (
    select
        date_day,
        is_working_day,
        cast({{ days_between("cast('" ~ var('calendar_first_day') ~ "' as date)", 'date_day') }} as bigint) as day_no,
        cast(sum(case when is_working_day then 1 else 0 end) over (
            order by date_day asc rows between unbounded preceding and current row) as bigint) as working_no
    from {{ ref('dim_date') }}
),

holidays as (
    select
        {{ year_of('calendar_date') }} as year,
        min(case when status = 'verified' then 1 else 0 end) = 1 as is_verified
    from {{ ref('calendar_day') }}
    group by {{ year_of('calendar_date') }}
),

firsts as (
    select
        case_id,
        event,
        min(event_at) as event_at
    from {{ ref('fct_case_event') }}
    where is_legal
    group by case_id, event
),

matched as (
    select
        c.case_id,
        c.received_at,
        c.extended_days,
        k.rule_id,
        k.clock,
        k.name_zh,
        k.start_event,
        k.stop_event,
        k.pause_event,
        k.resume_event,
        k.limit_value,
        k.limit_unit,
        k.extension_max,
        k.is_key,
        k.clause_id,
        k.status as rule_status,
        b.event_at as started_at,
        row_number() over (
            partition by c.case_id, k.clock
            order by
                case when k.category = '*' then 1 else 0 end asc,
                case when k.purpose = '*' then 1 else 0 end asc,
                case when k.channel = '*' then 1 else 0 end asc,
                k.rule_id asc
        ) as rule_rank
    from {{ ref('int_case') }} as c
    inner join {{ ref('case_clock') }} as k
        on
            c.case_kind = k.kind
            and (k.channel = '*' or c.channel = k.channel)
            and (k.purpose = '*' or c.purpose = k.purpose)
            and (k.category = '*' or c.category = k.category)
    left join firsts as b on c.case_id = b.case_id and k.start_event = b.event
    where {{ in_force(date_of('coalesce(b.event_at, c.received_at)'), 'k.') }}
),

clocks as (
    select
        m.*,
        -- a stop before the start means that nothing was left to wait for
        case when e.event_at < m.started_at then m.started_at else e.event_at end as stopped_at,
        case
            when m.extension_max is null then 0
            else least(coalesce(m.extended_days, 0), cast(m.extension_max as int))
        end as extension_days,
        coalesce(m.extended_days > cast(m.extension_max as int), false) as is_extension_excessive
    from matched as m
    left join firsts as e on m.case_id = e.case_id and m.stop_event = e.event
    where m.rule_rank = 1
),

pauses as (
    select
        k.case_id,
        k.rule_id,
        p.event_at as paused_at,
        coalesce(min(r.event_at), {{ as_of() }}) as resumed_at
    from clocks as k
    inner join {{ ref('fct_case_event') }} as p
        on
            k.case_id = p.case_id
            and p.is_legal
            and k.pause_event = p.event
            and k.started_at <= p.event_at and (k.stopped_at is null or k.stopped_at > p.event_at)
    left join {{ ref('fct_case_event') }} as r
        on k.case_id = r.case_id and k.resume_event = r.event and r.is_legal and p.event_at < r.event_at
    group by k.case_id, k.rule_id, p.event_at
),

paused as (
    select
        p.case_id,
        p.rule_id,
        cast(sum(b.day_no - a.day_no) as bigint) as paused_days,
        cast(sum(b.working_no - a.working_no) as bigint) as paused_working_days,
        cast(sum({{ seconds_between('p.paused_at', 'p.resumed_at') }}) as bigint) as paused_seconds
    from pauses as p
    left join calendar as a on {{ date_of('p.paused_at') }} = a.date_day
    left join calendar as b on {{ date_of('p.resumed_at') }} = b.date_day
    group by p.case_id, p.rule_id
),

measured as (
    select
        k.*,
        s.working_no as start_working_no,
        s.day_no as start_day_no,
        case
            when k.limit_unit = 'working_day' then coalesce(p.paused_working_days, 0)
            when k.limit_unit = 'calendar_day' then coalesce(p.paused_days, 0)
            else coalesce(p.paused_seconds, 0)
        end as paused_amount,
        case
            when k.limit_unit = 'working_day' then e.working_no - s.working_no
            when k.limit_unit = 'calendar_day' then e.day_no - s.day_no
            else {{ seconds_between('k.started_at', 'coalesce(k.stopped_at, ' ~ as_of() ~ ')') }}
        end as gross_amount
    from clocks as k
    left join paused as p on k.case_id = p.case_id and k.rule_id = p.rule_id
    left join calendar as s on {{ date_of('k.started_at') }} = s.date_day
    left join calendar as e on {{ date_of('coalesce(k.stopped_at, ' ~ as_of() ~ ')') }} = e.date_day
),

due as (
    select
        m.*,
        case
            when m.limit_value is null or m.started_at is null then null
            when m.limit_unit = 'hour'
                then {{ add_minutes('m.started_at', 'cast(m.limit_value * 60 as bigint) + ' ~ int_div('m.paused_amount', '60')) }}
            else {{ add_minutes(add_days('coalesce(d.date_day, w.date_day)', 1), '-1') }}
        end as due_at
    from measured as m
    left join calendar as d
        on
            m.limit_unit = 'calendar_day'
            and m.start_day_no + cast(m.limit_value as bigint) + m.extension_days + m.paused_amount = d.day_no
    left join calendar as w
        on
            m.limit_unit = 'working_day'
            and w.is_working_day
            and m.start_working_no + cast(m.limit_value as bigint) + m.extension_days + m.paused_amount = w.working_no
)

select
    u.case_id,
    u.rule_id,
    u.clock,
    u.name_zh,
    u.started_at,
    u.stopped_at,
    u.limit_value,
    u.limit_unit,
    cast(u.extension_days as int) as extension_days,
    u.is_extension_excessive,
    u.due_at,
    case
        when u.limit_unit = 'hour'
            then cast({{ ratio('u.gross_amount - u.paused_amount', '3600', 6) }} as decimal(18, 6))
        else cast(u.gross_amount - u.paused_amount as decimal(18, 6))
    end as elapsed_value,
    case
        when u.limit_value is null then 'no_limit'
        when u.started_at is null then 'not_started'
        when u.due_at is null then 'no_calendar'
        when u.stopped_at is not null and {{ date_of('u.stopped_at') }} <= {{ date_of('u.due_at') }}
            and u.limit_unit <> 'hour' then 'in_time'
        when u.stopped_at is not null and u.stopped_at <= u.due_at then 'in_time'
        when u.stopped_at is not null then 'late'
        when {{ as_of() }} > u.due_at then 'overdue'
        else 'running'
    end as clock_state,
    case
        when u.limit_value is null then '未评价（缺时限）'
        when u.started_at is null then '未评价（未起算）'
        when u.due_at is null then '未评价（缺工作日历）'
    end as reason_zh,
    u.is_key,
    u.clause_id,
    case
        when u.limit_unit = 'working_day' and not coalesce(h.is_verified, false) then 'unverified'
        else u.rule_status
    end as status,
    {{ month_of('u.received_at') }} as month
from due as u
left join holidays as h on {{ year_of('u.started_at') }} = h.year
