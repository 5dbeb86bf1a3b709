{#- Wall time of Asia/Shanghai without zone. DuckDB and Spark differ in every one of these. -#}

{% macro month_of(x) -%}
    cast(date_trunc('month', {{ x }}) as date)
{%- endmacro %}

{% macro date_of(x) -%}
    cast({{ x }} as date)
{%- endmacro %}

{% macro add_hours(x, n) -%}
    {{ return(adapter.dispatch('add_hours', 'jianhu')(x, n)) }}
{%- endmacro %}
{% macro default__add_hours(x, n) -%}
    (cast({{ x }} as timestamp) + ({{ n }}) * interval '1' hour)
{%- endmacro %}
{% macro spark__add_hours(x, n) -%}
    timestampadd(hour, {{ n }}, cast({{ x }} as timestamp_ntz))
{%- endmacro %}

{% macro add_minutes(x, n) -%}
    {{ return(adapter.dispatch('add_minutes', 'jianhu')(x, n)) }}
{%- endmacro %}
{% macro default__add_minutes(x, n) -%}
    (cast({{ x }} as timestamp) + ({{ n }}) * interval '1' minute)
{%- endmacro %}
{% macro spark__add_minutes(x, n) -%}
    timestampadd(minute, {{ n }}, cast({{ x }} as timestamp_ntz))
{%- endmacro %}

{% macro add_seconds(x, n) -%}
    {{ return(adapter.dispatch('add_seconds', 'jianhu')(x, n)) }}
{%- endmacro %}
{% macro default__add_seconds(x, n) -%}
    (cast({{ x }} as timestamp) + ({{ n }}) * interval '1' second)
{%- endmacro %}
{% macro spark__add_seconds(x, n) -%}
    timestampadd(second, {{ n }}, cast({{ x }} as timestamp_ntz))
{%- endmacro %}

{#- a date `n` days later, as date -#}
{% macro add_days(x, n) -%}
    {{ return(adapter.dispatch('add_days', 'jianhu')(x, n)) }}
{%- endmacro %}
{% macro default__add_days(x, n) -%}
    cast(cast({{ x }} as date) + ({{ n }}) * interval '1' day as date)
{%- endmacro %}
{% macro spark__add_days(x, n) -%}
    date_add(cast({{ x }} as date), cast({{ n }} as int))
{%- endmacro %}

{#- a date `n` months later, as date -#}
{% macro add_months(x, n) -%}
    {{ return(adapter.dispatch('add_months', 'jianhu')(x, n)) }}
{%- endmacro %}
{% macro default__add_months(x, n) -%}
    cast(cast({{ x }} as date) + ({{ n }}) * interval '1' month as date)
{%- endmacro %}
{% macro spark__add_months(x, n) -%}
    add_months(cast({{ x }} as date), cast({{ n }} as int))
{%- endmacro %}

{#- whole days from date a to date b, bigint -#}
{% macro days_between(a, b) -%}
    {{ return(adapter.dispatch('days_between', 'jianhu')(a, b)) }}
{%- endmacro %}
{% macro default__days_between(a, b) -%}
    date_diff('day', cast({{ a }} as date), cast({{ b }} as date))
{%- endmacro %}
{% macro spark__days_between(a, b) -%}
    cast(datediff(cast({{ b }} as date), cast({{ a }} as date)) as bigint)
{%- endmacro %}

{#- whole seconds from instant a to instant b, bigint -#}
{% macro seconds_between(a, b) -%}
    {{ return(adapter.dispatch('seconds_between', 'jianhu')(a, b)) }}
{%- endmacro %}
{% macro default__seconds_between(a, b) -%}
    date_diff('second', cast({{ a }} as timestamp), cast({{ b }} as timestamp))
{%- endmacro %}
{% macro spark__seconds_between(a, b) -%}
    timestampdiff(second, cast({{ a }} as timestamp_ntz), cast({{ b }} as timestamp_ntz))
{%- endmacro %}

{#- the END of the whole hour that an interval ending at x lies in -#}
{% macro hour_end_of(x) -%}
    {{ jianhu.add_hours("date_trunc('hour', " ~ jianhu.add_minutes(x, '-1') ~ ")", '1') }}
{%- endmacro %}

{% macro year_of(x) -%}
    cast(extract(year from {{ x }}) as int)
{%- endmacro %}
{% macro month_number_of(x) -%}
    cast(extract(month from {{ x }}) as int)
{%- endmacro %}
{% macro quarter_of(x) -%}
    cast(extract(quarter from {{ x }}) as int)
{%- endmacro %}
{% macro day_of(x) -%}
    cast(extract(day from {{ x }}) as int)
{%- endmacro %}
{% macro hour_of(x) -%}
    cast(extract(hour from {{ x }}) as int)
{%- endmacro %}

{#- first day of the month, quarter or year that x is in, as date -#}
{% macro period_start(x, period_type) -%}
    cast(date_trunc('{{ period_type }}', {{ x }}) as date)
{%- endmacro %}

{#- first day after the period that starts on date x -#}
{% macro period_end(x, period_type) -%}
    {{ jianhu.add_months(x, {'month': 1, 'quarter': 3, 'year': 12}[period_type]) }}
{%- endmacro %}

{#- `2026-01`, `2026-Q1` or `2026` of the period that x is in -#}
{% macro period_label(x, period_type) -%}
    {%- set y = "lpad(cast(" ~ jianhu.year_of(x) ~ " as varchar), 4, '0')" -%}
    {%- if period_type == 'day' -%}
    cast(cast({{ x }} as date) as varchar)
    {%- elif period_type == 'month' -%}
    concat({{ y }}, '-', lpad(cast({{ jianhu.month_number_of(x) }} as varchar), 2, '0'))
    {%- elif period_type == 'quarter' -%}
    concat({{ y }}, '-Q', cast({{ jianhu.quarter_of(x) }} as varchar))
    {%- else -%}
    {{ y }}
    {%- endif -%}
{%- endmacro %}

{#- the instant the build speaks for -#}
{% macro as_of() -%}
    cast('{{ var("as_of") }}' as timestamp)
{%- endmacro %}

{#- the same in a model's config, which is kept from one build to the next: warehouse/evidence.py puts the build's own in -#}
{% macro as_of_in_config() -%}
    cast('{as_of}' as timestamp)
{%- endmacro %}

{#- true on Monday to Friday: day numbers differ between the engines -#}
{% macro is_weekday(x) -%}
    {{ return(adapter.dispatch('is_weekday', 'jianhu')(x)) }}
{%- endmacro %}
{% macro default__is_weekday(x) -%}
    (isodow(cast({{ x }} as date)) <= 5)
{%- endmacro %}
{% macro spark__is_weekday(x) -%}
    (weekday(cast({{ x }} as date)) <= 4)
{%- endmacro %}
