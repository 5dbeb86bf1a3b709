{#- Unified social credit code (18 characters, 0-9 and capitals without I O S V Z): check digit by weights
    3^i mod 31, check = (31 - sum mod 31) mod 31. True or false; null for a null text. -#}
{% macro is_uscc_valid(x) -%}
    {%- set charset = '0123456789ABCDEFGHJKLMNPQRTUWXY' -%}
    {%- set weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28] -%}
    case when {{ x }} is null then null
        when not {{ jianhu.matches(x, '[0-9A-HJ-NPQRTUWXY]{18}') }} then false
        else (31 - (
            {%- for w in weights %}
            {{ w }} * (instr('{{ charset }}', substr({{ x }}, {{ loop.index }}, 1)) - 1){{ ' +' if not loop.last }}
            {%- endfor %}
        ) % 31) % 31 = instr('{{ charset }}', substr({{ x }}, 18, 1)) - 1
    end
{%- endmacro %}

{#- HJ 608-2017 annex A permit number: USCC, three digits of sequence, one special mark -#}
{% macro is_permit_no_valid(x) -%}
    case when {{ x }} is null then null
        else {{ jianhu.matches(x, '[0-9A-HJ-NPQRTUWXY]{18}[0-9]{3}[A-Z0-9]') }}
            and coalesce({{ jianhu.is_uscc_valid("substr(" ~ x ~ ", 1, 18)") }}, false)
    end
{%- endmacro %}

{#- x without zero-width blanks, which web pages leave in copied codes -#}
{% macro squeeze_zero_width(x) -%}
    translate({{ x }}, concat(chr(8203), chr(8204), chr(8205), chr(65279)), '')
{%- endmacro %}

{#- aggregate: the least certain of several statuses, for a row that prints figures of different standing -#}
{% macro worst_status(x) -%}
case
    when count(case when {{ x }} = 'illustrative' then 1 end) > 0 then 'illustrative'
    when count(case when {{ x }} = 'unverified' then 1 end) > 0 then 'unverified'
    when count(case when {{ x }} = 'adopted' then 1 end) > 0 then 'adopted'
    when count({{ x }}) > 0 then 'verified'
end
{%- endmacro %}
