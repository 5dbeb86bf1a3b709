-- grain: case_id × subject_id × period
-- complaint × subject (town or `unknown`, and the district) × period in which it was received
with subjects as (
    select
        c.case_id,
        coalesce(c.town_code, 'unknown') as subject_id,
        c.received_at, c.handling, c.is_repeat, c.is_duplicate_text, c.month
    from {{ ref('fct_case') }} as c
    where c.case_kind = 'complaint' and c.received_at is not null and c.received_at <= {{ as_of() }}
        and c.town_code is distinct from '330603'
    union all
    select
        c.case_id,
        '330603' as subject_id,
        c.received_at, c.handling, c.is_repeat, c.is_duplicate_text, c.month
    from {{ ref('fct_case') }} as c
    where c.case_kind = 'complaint' and c.received_at is not null and c.received_at <= {{ as_of() }}
)

{% for period_type in ['month', 'quarter', 'year'] %}
select
    case_id,
    subject_id,
    '{{ period_type }}' as period_type,
    {{ period_label('received_at', period_type) }} as period,
    received_at,
    handling,
    is_repeat or is_duplicate_text as is_repeated,
    month
from subjects
{{ 'union all' if not loop.last }}
{% endfor %}
