{#- Class 1–5 of one value by GB/T 14848: the best class whose limit it meets (equal limits of two classes count for the better),
    5 where it meets none. is_undetected: none of the samples was above its detection limit, which is class I where the standard
    prints 不得检出. `l`: a relation with the columns of seed groundwater_limit. -#}
{% macro gb14848_grade(value, is_undetected, l) -%}
    case
        when {{ value }} is null or {{ l }}.comparison is null then null
        when {{ l }}.comparison = 'range' then
            case
                {%- for n in [1, 2, 3, 4] %}
                when {{ value }} >= {{ l }}.low_{{ n }} and {{ value }} <= {{ l }}.limit_{{ n }} then {{ n }}
                {%- endfor %}
                else 5 end
        when {{ l }}.is_undetected_class_1 and {{ is_undetected }} then 1
        {%- for n in [1, 2, 3, 4] %}
        when {{ value }} <= {{ l }}.limit_{{ n }} then {{ n }}
        {%- endfor %}
        else 5
    end
{%- endmacro %}
