{#- Fails with the rows whose key is told more than once; nulls count as one value. Only rows whose key's hash comes twice
    are grouped by the key itself: a long table then costs a third. -#}
{% test unique_rows(model, columns) %}
{{ jianhu.repeated_rows(model, columns, []) }}
{% endtest %}

{#- Fails with the keys that are told more than once or of which a column is empty that must be filled: those named, else those
    of the key. -#}
{% test key(model, columns, filled=none) %}
{{ jianhu.repeated_rows(model, columns, columns if filled is none else filled) }}
{% endtest %}

{#- what `unique_rows` and `key` select; filled: columns that no row may leave empty -#}
{% macro repeated_rows(model, columns, filled) %}
with repeated as (
    select {{ row_hash(columns) }} as key_hash
    from {{ model }}
    group by {{ row_hash(columns) }}
    having count(*) > 1
)

select {{ columns | join(', ') }}, count(*) as told
from {{ model }}
where {{ row_hash(columns) }} in (select key_hash from repeated){% for c in filled %} or {{ c }} is null{% endfor %}

group by {{ columns | join(', ') }}
having count(*) > 1{% for c in filled %} or count({{ c }}) = 0{% endfor %}

{% endmacro %}

{#- Fails with one row, the number of empty cells of each column, when any column of a row that must be filled is empty: one look
    at the table for all of its columns, where a `not_null` looks once for each. -#}
{% test filled(model, columns) %}
with empty_cells as (
    select
        {%- for c in columns %}
        count(*) - count({{ c }}) as {{ c }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
)

select *
from empty_cells
where {{ columns | join(' > 0 or ') }} > 0
{% endtest %}

{#- Fails with rows for which the stated expression is false; a null passes. -#}
{% test row_holds(model, expression) %}
select *
from {{ model }}
where not ({{ expression }})
{% endtest %}
