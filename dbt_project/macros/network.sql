{#- Combinations of statistic, flag_device and flag_rule that void a value (seed flag_effect): marks are few, so each distinct
    combination is judged once. relation: a relation with these three columns; whoever joins treats null as ''. -#}
{% macro void_flag_sets(relation) -%}
select distinct s.statistic, s.flag_device, s.flag_rule, true as is_void
from (
    select distinct statistic, flag_device, flag_rule
    from {{ relation }}
    where flag_device is not null or flag_rule is not null
) as s
inner join {{ ref('flag_effect') }} as e
    on e.is_void
    and e.statistic in ('*', s.statistic)
    and (
        (e.flag_kind = 'device' and e.flag = s.flag_device)
        or (e.flag_kind = 'rule' and {{ jianhu.is_named_in('e.flag', 's.flag_rule', ',') }})
    )
{%- endmacro %}

{#- the day that a reading counts for: that of its interval's last minute, or of the moment itself -#}
{% macro reading_day(observed_at='observed_at', averaging_minutes='averaging_minutes') -%}
case when {{ averaging_minutes }} > 0 then {{ jianhu.date_of(jianhu.add_minutes(observed_at, '-1')) }} else {{ jianhu.date_of(observed_at) }} end
{%- endmacro %}

{#- first day of the period of a cadence (day, month, quarter, half_year, year) that `day` is in -#}
{% macro cadence_start(day, cadence) -%}
case {{ cadence }}
    when 'day' then {{ jianhu.date_of(day) }}
    when 'month' then {{ jianhu.period_start(day, 'month') }}
    when 'quarter' then {{ jianhu.period_start(day, 'quarter') }}
    when 'half_year' then {{ jianhu.add_months(jianhu.period_start(day, 'year'), 'case when ' ~ jianhu.month_number_of(day) ~ ' <= 6 then 0 else 6 end') }}
    when 'year' then {{ jianhu.period_start(day, 'year') }}
end
{%- endmacro %}

{#- first day after the period of a cadence that begins on `first_day` -#}
{% macro cadence_end(first_day, cadence) -%}
case when {{ cadence }} = 'day' then {{ jianhu.add_days(first_day, 1) }}
    else {{ jianhu.add_months(first_day, "case " ~ cadence ~ " when 'month' then 1 when 'quarter' then 3 when 'half_year' then 6 else 12 end") }} end
{%- endmacro %}
