{#- the least certain of the statuses of one row; statuses: list of expressions, nulls are passed over. The aggregate of
    the same rule is worst_status. -#}
{% macro worst_status_of(statuses) -%}
case
    {%- for s in ['illustrative', 'unverified', 'adopted', 'verified'] %}
    when '{{ s }}' in ({{ statuses | join(', ') }}) then '{{ s }}'
    {%- endfor %}
end
{%- endmacro %}
