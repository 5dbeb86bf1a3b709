{#- One row per key: the greatest by the stated order, which must be total within a key.
    relation: a relation or the name of a CTE; keys, order_by, columns: lists of expressions.
    Each order_by item ends in desc or asc; nulls come last. -#}
{% macro latest_by_key(relation, keys, order_by, columns=['*']) -%}
select {{ columns | join(', ') if columns != ['*'] else '*' }}
from (
    select
        *,
        row_number() over (
            partition by {{ keys | join(', ') }}
            order by {% for item in order_by %}{{ item }} nulls last{{ ', ' if not loop.last }}{% endfor %}
        ) as _rank
    from {{ relation }}
) as ranked
where _rank = 1
{%- endmacro %}

{#- order of `arrivals`: the greatest (changed_at, _seq, _load_id, _row_no) wins; two files that tell one record alike differ in their load only -#}
{% macro arrival_order(changed_at=[]) -%}
    {%- set out = [] -%}
    {%- for c in changed_at %}{% do out.append(c ~ ' desc') %}{% endfor -%}
    {{ return(out + ['_seq desc', '_load_id desc', '_row_no desc', '_col desc']) }}
{%- endmacro %}

{#- order of `snapshot`s whose parts tell one record: the last part in the alphabet wins -#}
{% macro snapshot_order() -%}
    {{ return(['_part desc', '_seq desc', '_row_no desc', '_load_id desc']) }}
{%- endmacro %}

{#- true where the row of a dated table is in force on `day`: valid_to is exclusive, null means open -#}
{% macro in_force(day, prefix='') -%}
    ({{ prefix }}valid_from is null or {{ prefix }}valid_from <= {{ day }})
    and ({{ prefix }}valid_to is null or {{ prefix }}valid_to > {{ day }})
{%- endmacro %}

{#- hex digest of a text under the key of the installation; null without a key (the column then warns) -#}
{% macro keyed_hash(x) -%}
    {{ return(adapter.dispatch('keyed_hash', 'jianhu')(x)) }}
{%- endmacro %}
{% macro default__keyed_hash(x) -%}
    case when {{ x }} is null then null
        else sha256(getvariable('jianhu_hash_key') || ':' || cast({{ x }} as varchar)) end
{%- endmacro %}
{% macro spark__keyed_hash(x) -%}
    case when {{ x }} is null then null
        else sha2(concat('${spark.jianhu.hash_key}', ':', cast({{ x }} as string)), 256) end
{%- endmacro %}

{#- texts of a group joined in order: string_agg / array_join -#}
{% macro join_text(x, separator=',', order_by=none, distinct=false) -%}
    {{ return(adapter.dispatch('join_text', 'jianhu')(x, separator, order_by, distinct)) }}
{%- endmacro %}
{% macro default__join_text(x, separator, order_by, distinct) -%}
    string_agg({{ 'distinct ' if distinct }}{{ x }}, '{{ separator }}' order by {{ order_by or x }})
{%- endmacro %}
{% macro spark__join_text(x, separator, order_by, distinct) -%}
    array_join(sort_array({{ 'collect_set' if distinct else 'collect_list' }}({{ x }})), '{{ separator }}')
{%- endmacro %}

{#- a table of the whole numbers 0 .. n-1, column `n`; n: a number or a scalar expression -#}
{% macro numbers(n) -%}
    {{ return(adapter.dispatch('numbers', 'jianhu')(n)) }}
{%- endmacro %}
{% macro default__numbers(n) -%}
    select cast(range as bigint) as n from range(cast({{ n }} as bigint))
{%- endmacro %}
{% macro spark__numbers(n) -%}
    select id as n from range(cast({{ n }} as bigint))
{%- endmacro %}

{#- whole-text match of a regular expression -#}
{% macro matches(x, pattern) -%}
    {{ return(adapter.dispatch('matches', 'jianhu')(x, pattern)) }}
{%- endmacro %}
{% macro default__matches(x, pattern) -%}
    regexp_full_match({{ x }}, '{{ pattern }}')
{%- endmacro %}
{% macro spark__matches(x, pattern) -%}
    ({{ x }} rlike '^({{ pattern }})$')
{%- endmacro %}

{#- a 64-bit number of the columns of a row, equal for equal rows (null is a value); never stored: it differs by engine -#}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'jianhu')(columns)) }}
{%- endmacro %}
{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}
{% macro spark__row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}
