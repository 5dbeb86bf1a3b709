-- grain: date_day
-- weekdays work unless calendar_day says otherwise
with days as (
    select {{ add_days("cast('" ~ var('calendar_first_day') ~ "' as date)", 'n') }} as date_day
    from ({{ numbers(var('calendar_days')) }}) as counter
)

select
    d.date_day,
    {{ period_start('d.date_day', 'month') }} as month,
    {{ period_start('d.date_day', 'quarter') }} as quarter,
    {{ year_of('d.date_day') }} as year,
    coalesce(c.is_working_day, {{ is_weekday('d.date_day') }}) as is_working_day,
    c.name_zh as holiday_name_zh
from days as d
left join {{ ref('calendar_day') }} as c on d.date_day = c.calendar_date
