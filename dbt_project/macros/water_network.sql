{#- join that brings one parameter of seed water_network_rule, in force on `day`, as <alias>.value -#}
{% macro join_water_rule(rule, alias, day) -%}
left join {{ ref('water_network_rule') }} as {{ alias }}
    on {{ alias }}.rule = '{{ rule }}' and {{ jianhu.in_force(day, alias ~ '.') }}
{%- endmacro %}

{#- order of maturities for an evaluation (seed reading_priority): maturity, priority -#}
{% macro maturity_priority() -%}
select code as maturity, rank_no as priority from {{ ref('reading_priority') }} where purpose = 'evaluation' and aspect = 'maturity'
{%- endmacro %}
