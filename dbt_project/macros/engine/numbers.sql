{#- Exact arithmetic. DuckDB gives DOUBLE for avg(decimal), for decimal division and for round_even, and
    DECIMAL(18,6) * DECIMAL(18,6) overflows; here everything runs on whole numbers scaled by 10^6 (10^12 for
    `wide`), and each macro states the scale of its result. Arguments are decimals or integers, of at most
    6 decimals (12 where `scale_in=12` is given) and below 10^12 in size. -#}

{#- the whole number x * 10^scale_in -#}
{% macro scaled_int(x, scale_in=6) -%}
    cast(cast({{ x }} as decimal(38, {{ scale_in }})) * cast({{ 10 ** scale_in }} as decimal({{ scale_in + 1 }}, 0)) as {{ jianhu.hugeint_type() }})
{%- endmacro %}

{#- the decimal n * 10^-scale of a whole number n -#}
{% macro unscaled(n, scale) -%}
{%- if scale == 0 -%}
    cast({{ n }} as decimal(38, 0))
{%- else -%}
    cast(cast({{ n }} as decimal(38, 0)) * cast('{{ "0." ~ ("0" * (scale - 1)) ~ "1" }}' as decimal({{ scale + 1 }}, {{ scale }})) as decimal(38, {{ scale }}))
{%- endif -%}
{%- endmacro %}

{% macro hugeint_type() -%}
    {{ return(adapter.dispatch('hugeint_type', 'jianhu')()) }}
{%- endmacro %}
{% macro default__hugeint_type() %}{{ return('hugeint') }}{% endmacro %}
{% macro spark__hugeint_type() %}{{ return('decimal(38,0)') }}{% endmacro %}

{#- whole-number division towards zero -#}
{% macro int_div(a, b) -%}
    {{ return(adapter.dispatch('int_div', 'jianhu')(a, b)) }}
{%- endmacro %}
{% macro default__int_div(a, b) -%}
    (({{ a }}) // ({{ b }}))
{%- endmacro %}
{% macro spark__int_div(a, b) -%}
    (({{ a }}) div ({{ b }}))
{%- endmacro %}

{#- a / b as DECIMAL(38, scale), the last digit rounded half away from zero; null where b is 0 or null -#}
{% macro ratio(a, b, scale=12, scale_in=6) -%}
    case when ({{ b }}) = 0 then null else
    {{ jianhu.unscaled(
        "sign(" ~ a ~ ") * sign(" ~ b ~ ") * " ~ jianhu.int_div(
            "2 * abs(" ~ jianhu.scaled_int(a, scale_in) ~ ") * cast(" ~ (10 ** scale) ~ " as " ~ jianhu.hugeint_type() ~ ") + abs(" ~ jianhu.scaled_int(b, scale_in) ~ ")",
            "2 * abs(" ~ jianhu.scaled_int(b, scale_in) ~ ")"),
        scale) }}
    end
{%- endmacro %}

{#- arithmetic mean of the non-null x of a group or window as DECIMAL(38, scale); over: an OVER clause or '' -#}
{% macro mean(x, scale=12, over='', filter='') -%}
    {%- set f = (' filter (where ' ~ filter ~ ')') if filter else '' -%}
    {%- set o = (' ' ~ over) if over else '' -%}
    {{ jianhu.ratio("sum(" ~ x ~ ")" ~ f ~ o, "count(" ~ x ~ ")" ~ f ~ o, scale) }}
{%- endmacro %}

{#- a * b as DECIMAL(38, scale), half away from zero; a and b of at most 6 decimals -#}
{% macro mul(a, b, scale=12) -%}
    {%- if scale >= 12 -%}
    cast(cast({{ a }} as decimal(38, 6)) * cast({{ b }} as decimal(18, 6)) as decimal(38, {{ scale }}))
    {%- else -%}
    {{ jianhu.round_half_up("cast(" ~ a ~ " as decimal(38, 6)) * cast(" ~ b ~ " as decimal(18, 6))", scale, 12) }}
    {%- endif -%}
{%- endmacro %}

{#- x to `digits` decimals, a tie to the even neighbour (GB/T 8170), as DECIMAL(38, digits);
    scale_in: how many decimals x can have -#}
{% macro round_half_even(x, digits=0, scale_in=12) -%}
    {%- set n = "abs(" ~ jianhu.scaled_int(x, scale_in) ~ ")" -%}
    {%- set u = "cast(" ~ (10 ** (scale_in - digits)) ~ " as " ~ jianhu.hugeint_type() ~ ")" -%}
    {%- set q = jianhu.int_div(n, u) -%}
    {{ jianhu.unscaled("sign(" ~ x ~ ") * (" ~ q ~ " + case when 2 * (" ~ n ~ " % " ~ u ~ ") > " ~ u
        ~ " or (2 * (" ~ n ~ " % " ~ u ~ ") = " ~ u ~ " and " ~ q ~ " % 2 = 1) then 1 else 0 end)", digits) }}
{%- endmacro %}

{#- x to `digits` decimals, a tie away from zero, as DECIMAL(38, digits) -#}
{% macro round_half_up(x, digits=0, scale_in=12) -%}
    {%- set u = "cast(" ~ (10 ** (scale_in - digits)) ~ " as " ~ jianhu.hugeint_type() ~ ")" -%}
    {{ jianhu.unscaled("sign(" ~ x ~ ") * " ~ jianhu.int_div("2 * abs(" ~ jianhu.scaled_int(x, scale_in) ~ ") + " ~ u, "2 * " ~ u), digits) }}
{%- endmacro %}

{#- the smallest whole number not below a / b, as bigint; b positive. No binary noise before the ceiling. -#}
{% macro ceil_exact(a, b='1', scale_in=6) -%}
    {%- set n = jianhu.scaled_int(a, scale_in) -%}
    {%- set d = jianhu.scaled_int(b, scale_in) -%}
    cast({{ jianhu.int_div(n, d) }} + case when {{ n }} % {{ d }} > 0 then 1 else 0 end as bigint)
{%- endmacro %}

{#- energy mean of levels in dB (10 lg of the mean of 10^(L/10)) as DECIMAL(38, scale); each power is cast to
    DECIMAL(38,12) before the sum, so that the order of rows cannot change the result -#}
{% macro energy_mean(x, scale=6) -%}
    cast(10 * log10(cast({{ jianhu.ratio(
        "sum(cast(power(10, cast(" ~ x ~ " as double) * 0.1) as decimal(38, 12)))", "count(" ~ x ~ ")", 6) }} as double)) as decimal(38, {{ scale }}))
{%- endmacro %}

{#- percentile of the non-null x of a group by HJ 663: k = 1 + (n - 1) p, linear between the neighbours;
    p: whole percent (an expression constant in the group); result DECIMAL(38, 8), exact for x of 6 decimals -#}
{% macro percentile(x, p) -%}
    {{ return(adapter.dispatch('percentile', 'jianhu')(x, p)) }}
{%- endmacro %}
{% macro default__percentile(x, p) -%}
    {%- set xs = "list_sort(list(" ~ x ~ ") filter (where " ~ x ~ " is not null))" -%}
    {{ jianhu.percentile_of_sorted(xs, "count(" ~ x ~ ")", p, "list_extract") }}
{%- endmacro %}
{% macro spark__percentile(x, p) -%}
    {{ jianhu.percentile_of_sorted("sort_array(collect_list(" ~ x ~ "))", "count(" ~ x ~ ")", p, "try_element_at") }}
{%- endmacro %}
{% macro percentile_of_sorted(xs, n, p, item) -%}
    {%- set rank = "((" ~ n ~ " - 1) * cast(" ~ p ~ " as bigint))" -%}
    {%- set lower = "cast(" ~ jianhu.int_div(rank, "100") ~ " as int) + 1" -%}
    cast(
        cast({{ item }}({{ xs }}, {{ lower }}) as decimal(38, 8))
        + coalesce(
            cast({{ item }}({{ xs }}, {{ lower }} + 1) - {{ item }}({{ xs }}, {{ lower }}) as decimal(38, 6))
            * cast({{ rank }} % 100 as decimal(4, 0)) * cast('0.01' as decimal(3, 2)), 0)
        as decimal(38, 8))
{%- endmacro %}
