-- grain: case_id
-- one case; links to an earlier case about the same matter, and to the first case with the same text
with places as (
    select
        case_id,
        received_at,
        concat(coalesce(town_code, {{ squeeze('town_name_as_sent') }}), '|', {{ squeeze('enterprise_name') }},
            '|', category) as place_key
    from {{ ref('int_case') }}
    where
        case_kind = 'complaint'
        and coalesce(town_code, {{ squeeze('town_name_as_sent') }}) is not null
        and {{ squeeze('enterprise_name') }} is not null
        and category is not null
),

followed as (
    select
        case_id,
        received_at,
        lag(case_id) over (partition by place_key order by received_at asc, case_id asc) as previous_case_id,
        lag(received_at) over (partition by place_key order by received_at asc, case_id asc) as previous_at
    from places
),

repeats as (
    select
        f.case_id,
        f.previous_case_id as repeat_of_case_id
    from followed as f
    inner join {{ ref('case_parameter') }} as p
        on
            p.parameter = 'repeat_window_days'
            and {{ in_force(date_of('f.received_at'), 'p.') }}
            and {{ days_between('f.previous_at', 'f.received_at') }} <= p.value
),

texts as (
    select
        case_id,
        first_value(case_id) over (
            partition by case_kind, text_key order by received_at asc nulls last, case_id asc
            rows between unbounded preceding and unbounded following
        ) as first_case_id
    from {{ ref('int_case_text') }}
)

select
    c.case_id,
    r.repeat_of_case_id,
    case when t.first_case_id <> c.case_id then t.first_case_id end as duplicate_of_case_id
from {{ ref('int_case') }} as c
left join repeats as r on c.case_id = r.case_id
left join texts as t on c.case_id = t.case_id
