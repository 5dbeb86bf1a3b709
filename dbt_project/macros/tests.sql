{#- Fails with the rows whose key is told more than once; nulls count as one value. Only rows whose key's hash comes twice
    are grouped by the key itself: a long table then costs a third. -#}
{% test unique_rows(model, columns) %}
with repeated as (
    select {{ row_hash(columns) }} as key_hash
    from {{ model }}
    group by {{ row_hash(columns) }}
    having count(*) > 1
)

select {{ columns | join(', ') }}, count(*) as told
from {{ model }}
where {{ row_hash(columns) }} in (select key_hash from repeated)
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- Fails with rows for which the stated expression is false; a null passes. -#}
{% test row_holds(model, expression) %}
select *
from {{ model }}
where not ({{ expression }})
{% endtest %}
