{#- Fails with the rows whose key is told more than once; nulls count as one value. -#}
{% test unique_rows(model, columns) %}
select {{ columns | join(', ') }}, count(*) as told
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- Fails with rows for which the stated expression is false; a null passes. -#}
{% test row_holds(model, expression) %}
select *
from {{ model }}
where not ({{ expression }})
{% endtest %}
