{#- Texts as people type them. -#}

{#- x without any blank (tab, line end, space, U+3000, U+00A0), full-width digits and latin brackets made plain;
    null where nothing is left. For keys and look-ups, not for print. -#}
{% macro squeeze(x) -%}
    nullif(translate({{ x }}, concat('０１２３４５６７８９（）', ' 　', chr(160), chr(9), chr(10), chr(13)), '0123456789()'), '')
{%- endmacro %}

{#- x without blanks at its ends, inner line ends and tabs as spaces; null where nothing is left -#}
{% macro tidy(x) -%}
    nullif(trim(translate({{ x }}, concat('　', chr(160), chr(9), chr(10), chr(13)), '     ')), '')
{%- endmacro %}

{#- whether a list written as one text (`F|C|M`) names an item; false where one of them is null. Not `concat`: in DuckDB it skips
    nulls, and nothing would be found in nothing. -#}
{% macro is_named_in(item, list, separator='|') -%}
    coalesce(('{{ separator }}' || {{ list }} || '{{ separator }}') like ('%{{ separator }}' || {{ item }} || '{{ separator }}%'), false)
{%- endmacro %}

{#- a town's name without the province, city and district in front of it -#}
{% macro town_key(x) -%}
    nullif(regexp_replace({{ jianhu.squeeze(x) }}, '^(浙江省)?(绍兴市)?(柯桥区)?', ''), '')
{%- endmacro %}

{#- joins `town_alias` twice: as written, then without the names in front; gives town.area_code or bare.area_code -#}
{% macro join_town(x) -%}
left join {{ ref('town_alias') }} as town on {{ jianhu.squeeze(x) }} = town.alias
left join {{ ref('town_alias') }} as bare on {{ jianhu.town_key(x) }} = bare.alias
{%- endmacro %}

{#- a decimal as a reader writes it: no trailing zeros. x must have decimal places, so that only these are cut. -#}
{% macro plain(x) -%}
rtrim(rtrim(cast({{ x }} as varchar), '0'), '.')
{%- endmacro %}
