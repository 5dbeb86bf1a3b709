{#- Vehicles under a pseudonym, and rules that hold on a day. -#}

{#- a vehicle's name in open models, from a keyed hash; null without a key. prefix: veh (by VIN) or plate (not in the register) -#}
{% macro vehicle_key(hash, prefix='veh') -%}
    case when {{ hash }} is not null then concat('{{ prefix }}:', substr({{ hash }}, 1, 16)) end
{%- endmacro %}

{#- One row per day with the value of each named rule in force on it (columns of the rules' names) and the least certain
    status of them. seed: a seed with rule, value, status, valid_from, valid_to. -#}
{% macro rule_days(seed, rules) -%}
select
    d.date_day as rule_day,
    {% for r in rules %}max(case when r.rule = '{{ r }}' then r.value end) as {{ r }},
    {% endfor %}{{ jianhu.worst_status('r.status') }} as rule_status
from {{ ref('dim_date') }} as d
inner join {{ ref(seed) }} as r
    on r.rule in ({% for r in rules %}'{{ r }}'{{ ', ' if not loop.last }}{% endfor %})
    and {{ jianhu.in_force('d.date_day', 'r.') }}
group by d.date_day
{%- endmacro %}
