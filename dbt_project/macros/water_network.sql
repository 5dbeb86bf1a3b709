{#- join that brings one parameter of seed water_network_rule, in force on `day`, as <alias>.value -#}
{% macro join_water_rule(rule, alias, day) -%}
left join {{ ref('water_network_rule') }} as {{ alias }}
    on {{ alias }}.rule = '{{ rule }}' and {{ jianhu.in_force(day, alias ~ '.') }}
{%- endmacro %}

{#- order of maturities for an evaluation (seed reading_priority): maturity, priority -#}
{% macro maturity_priority() -%}
select code as maturity, rank_no as priority from {{ ref('reading_priority') }} where purpose = 'evaluation' and aspect = 'maturity'
{%- endmacro %}

{#- what leadership reads of the points of one drinking-water medium: due samples, coverage, compliance, of the period types named -#}
{% macro drinking_report(medium, period_types) -%}
select
    p.point_id as subject_id, d.name_zh as point_name_zh, p.role, k.name_zh as role_name_zh, p.town_code, a.name_zh as town_name_zh,
    p.period_type,
    case p.period_type
        when 'month' then {{ jianhu.period_label('p.period_start_date', 'month') }}
        when 'quarter' then {{ jianhu.period_label('p.period_start_date', 'quarter') }}
        when 'half_year' then concat(
            {{ jianhu.period_label('p.period_start_date', 'year') }}, case when {{ jianhu.quarter_of('p.period_start_date') }} <= 2 then '-H1' else '-H2' end)
        else {{ jianhu.period_label('p.period_start_date', 'year') }}
    end as period,
    p.due_count, p.sampled_count, p.missing_count, p.is_covered, p.failed_count, p.unjudged_count, p.is_compliant,
    p.repeat_failure_count, p.failed_items_zh, p.missing_items_zh, p.unjudged_items_zh,
    case when p.is_compliant then '达标' when not p.is_compliant then '超标' else p.reason_zh end as result_zh, p.reason_zh, p.status
from {{ ref('fct_drinking_period') }} as p
left join {{ ref('dim_point') }} as d on p.point_id = d.point_id and {{ jianhu.in_force('p.period_start_date', 'd.') }}
left join {{ ref('point_kind') }} as k on p.medium = k.medium and p.role = k.role
left join {{ ref('dim_area') }} as a on p.town_code = a.area_code
where p.medium = '{{ medium }}' and p.period_type in ('{{ period_types | join("', '") }}')
{%- endmacro %}
