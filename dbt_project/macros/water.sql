{#- Grade 1–6 of one value by GB 3838 table 1: the best grade whose limit it meets, 6 (worse than V) where it meets
    none; null for a null value. `l` names a relation with the columns of int_water_limit. -#}
{% macro gb3838_grade(value, l) -%}
    case
        when {{ value }} is null or {{ l }}.comparison is null then null
        when {{ l }}.comparison = 'le' then
            case when {{ value }} <= {{ l }}.limit_1 then 1 when {{ value }} <= {{ l }}.limit_2 then 2
                when {{ value }} <= {{ l }}.limit_3 then 3 when {{ value }} <= {{ l }}.limit_4 then 4
                when {{ value }} <= {{ l }}.limit_5 then 5 else 6 end
        when {{ l }}.comparison = 'ge' then
            case when {{ value }} >= {{ l }}.limit_1 then 1 when {{ value }} >= {{ l }}.limit_2 then 2
                when {{ value }} >= {{ l }}.limit_3 then 3 when {{ value }} >= {{ l }}.limit_4 then 4
                when {{ value }} >= {{ l }}.limit_5 then 5 else 6 end
        when {{ l }}.comparison = 'range' then
            case when {{ value }} >= {{ l }}.limit_low and {{ value }} <= {{ l }}.limit_1 then 1 else 6 end
    end
{%- endmacro %}

{#- 10^(9 - pH) as DECIMAL(38,12): the hydrogen ion in nmol/L, so that a mean of pH is a mean of ions -#}
{% macro hydrogen_nmol(ph) -%}
    cast(power(10, 9 - cast({{ ph }} as double)) as decimal(38, 12))
{%- endmacro %}

{#- pH of a mean of hydrogen_nmol, DECIMAL(18,6) -#}
{% macro ph_of_hydrogen(h) -%}
    cast(9 - log10(cast({{ h }} as double)) as decimal(18, 6))
{%- endmacro %}

{#- point of a section name: a registered section by its code, any other by province and name -#}
{% macro water_point_id(registered_point, province, section) -%}
    coalesce({{ registered_point }}, concat('water:', case when trim({{ province }}) <> '' then concat(trim({{ province }}), '/') else '' end, trim({{ section }})))
{%- endmacro %}

{#- Readings with the value by which a statistic of a medium counts them: none under a reviewer's mark, and below detection the seeded
    share of the limit of detection (none where the seed gives none). relation: of `effective_reading`. -#}
{% macro counted_readings(relation, medium, statistic) -%}
select
    e.*,
    s.fraction as substitution_fraction,
    case
        when e.flag_human is not null then null
        when e.qualifier = '<' then cast({{ jianhu.mul('e.detection_limit', 's.fraction', 6) }} as decimal(18, 6))
        else e.effective_value
    end as counted_value
from {{ relation }} as e
left join {{ ref('water_detection_substitution') }} as s
    on s.medium = '{{ medium }}' and s.statistic = '{{ statistic }}' and {{ jianhu.in_force(jianhu.date_of('e.observed_at'), 's.') }}
{%- endmacro %}
