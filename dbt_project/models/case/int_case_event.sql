-- grain: case_id × event_no
-- one event of one case, in time order; ties in the order of the procedure
{%- set events = [['registered', 'received_at'], ['accepted', 'accepted_at'], ['assigned', 'assigned_at'],
                  ['replied', 'replied_at'], ['closed', 'closed_at']] %}
with events as (
    {%- for event in events %}
    select
        case_id,
        case_kind,
        '{{ event[0] }}' as event,
        {{ event[1] }} as event_at,
        {{ loop.index }} as sort_no,
        source,
        _load_id,
        _row_no
    from {{ ref('int_case') }}
    where {{ event[1] }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    case_id,
    case_kind,
    cast(row_number() over (partition by case_id order by event_at asc, sort_no asc) as int) as event_no,
    event,
    event_at,
    source,
    _load_id,
    _row_no
from events
