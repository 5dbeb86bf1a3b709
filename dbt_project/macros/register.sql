{#- Values that offices report per town and period: reading their period, and carrying a value forward. -#}

{#- the four columns of a written period (`2026`, `2026-Q1`, `2026-01`); period_type is null where it is none of them -#}
{% macro period_columns(x) -%}
    {%- set p = jianhu.squeeze(x) -%}
    {%- set kind = "case when " ~ jianhu.matches(p, '[0-9]{4}') ~ " then 'year' when "
        ~ jianhu.matches(p, '[0-9]{4}-Q[1-4]') ~ " then 'quarter' when "
        ~ jianhu.matches(p, '[0-9]{4}-(0[1-9]|1[0-2])') ~ " then 'month' end" -%}
    {%- set first_day = "case when " ~ jianhu.matches(p, '[0-9]{4}') ~ " then cast(concat(" ~ p ~ ", '-01-01') as date) when "
        ~ jianhu.matches(p, '[0-9]{4}-Q[1-4]') ~ " then cast(concat(substr(" ~ p ~ ", 1, 4), case substr(" ~ p
        ~ ", 7, 1) when '1' then '-01-01' when '2' then '-04-01' when '3' then '-07-01' else '-10-01' end) as date) when "
        ~ jianhu.matches(p, '[0-9]{4}-(0[1-9]|1[0-2])') ~ " then cast(concat(" ~ p ~ ", '-01') as date) end" -%}
    {{ kind }} as period_type,
    {{ p }} as period,
    {{ first_day }} as period_start_date,
    {{ jianhu.add_months(first_day, "case when length(" ~ p ~ ") = 4 then 12 when " ~ p ~ " like '%Q%' then 3 else 1 end") }}
        as period_end_date
{%- endmacro %}

{#- months, quarters and years from the month of first_day to the one of as_of: period_type, period,
    period_start_date, period_end_date. first_day: a scalar expression -#}
{% macro period_spine(first_day) -%}
    {%- for period_type in ['month', 'quarter', 'year'] %}
    select distinct
        '{{ period_type }}' as period_type,
        {{ jianhu.period_label('date_day', period_type) }} as period,
        {{ jianhu.period_start('date_day', period_type) }} as period_start_date,
        {{ jianhu.period_end(jianhu.period_start('date_day', period_type), period_type) }} as period_end_date
    from {{ ref('dim_date') }}
    where date_day >= {{ first_day }} and date_day < {{ jianhu.as_of() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The columns of contract 6 from the values that were reported. native: a CTE of subject_id, indicator_code,
    basis, period_type, period, period_start_date, period_end_date, value, numerator, denominator, expected_count,
    observed_count, applicability, input_basis, input_body, input_document, reason_zh. Every town and the district
    get a row for every period since the first report: the reported one, else the last one before it (沿用, with
    its date), else `missing`. A report that is blank counts as none. no_carry: indicators of
    amounts, which are never carried. additive: indicators whose district is the sum of what its towns are given here,
    if none is missing; their native rows are the towns' alone. -#}
{% macro register_indicator(native, no_carry=[], additive=[]) -%}
spine_period as (
    {{ jianhu.period_spine("(select min(period_start_date) from " ~ native ~ ")") }}
),

spine_key as (
    select distinct indicator_code, basis from {{ native }}
),

spine as (
    select
        a.area_code as subject_id,
        k.indicator_code,
        k.basis,
        p.period_type,
        p.period,
        p.period_start_date,
        p.period_end_date
    from {{ ref('dim_area') }} as a
    cross join spine_key as k
    cross join spine_period as p
    where
        a.area_type = 'town'
        or (a.area_type = 'district' and k.indicator_code not in ({% for c in additive %}'{{ c }}', {% endfor %}''))
),

candidates as (
    select
        s.subject_id,
        s.indicator_code,
        s.basis,
        s.period_type,
        s.period,
        s.period_start_date,
        s.period_end_date,
        n.period as input_period,
        n.period_end_date as input_end_date,
        n.value,
        n.numerator,
        n.denominator,
        n.expected_count,
        n.observed_count,
        n.applicability,
        n.input_basis,
        n.input_body,
        n.input_document,
        n.reason_zh,
        row_number() over (
            partition by s.subject_id, s.indicator_code, s.basis, s.period_type, s.period
            order by
                case
                    when n.period <> s.period then 1
                    when n.applicability = 'missing' then 2
                    else 0
                end asc,
                n.period_end_date desc nulls last,
                case when n.period_type = s.period_type then 0 else 1 end asc,
                n.period_start_date asc,
                n.period asc
        ) as choice
    from spine as s
    left join {{ native }} as n
        on
            s.subject_id = n.subject_id
            and s.indicator_code = n.indicator_code
            and s.basis = n.basis
            and (
                (n.period_type = s.period_type and n.period = s.period)
                or (
                    n.period_end_date <= s.period_end_date
                    and n.applicability <> 'missing'
                    and s.indicator_code not in ({% for c in no_carry %}'{{ c }}', {% endfor %}'')
                )
            )
),

chosen as (
    select
        c.subject_id, c.indicator_code, c.basis, c.period_type, c.period, c.period_start_date, c.period_end_date,
        case when c.applicability = 'applies' then c.value end as value,
        c.numerator, c.denominator,
        coalesce(c.expected_count, 1) as expected_count,
        coalesce(c.observed_count, 0) as observed_count,
        coalesce(c.applicability, 'missing') as applicability,
        c.input_basis, c.input_body, c.input_document, c.input_period,
        coalesce(c.input_period <> c.period, false) as is_carried_forward,
        case when c.input_period <> c.period then {{ jianhu.add_days('c.input_end_date', -1) }} end as carried_from_date,
        coalesce(c.reason_zh, case
            when c.applicability is not null then null
            when c.indicator_code in ({% for c in no_carry %}'{{ c }}', {% endfor %}'') then '缺数：本期未报送（按量计，不沿用）'
            else '缺数：本期及以前均未报送'
        end) as reason_zh
    from candidates as c
    where c.choice = 1
),

together as (
    select * from chosen
    union all
    select
        a.parent_code as subject_id, c.indicator_code, c.basis, c.period_type, c.period, c.period_start_date,
        c.period_end_date,
        case
            when count(case when c.applicability = 'missing' then 1 end) = 0
                and count(case when c.applicability = 'applies' then 1 end) > 0
                then cast(sum(c.value) as decimal(18, 6))
        end as value,
        case when count(case when c.applicability = 'missing' then 1 end) = 0 then cast(sum(c.value) as decimal(18, 6)) end
            as numerator,
        cast(null as decimal(18, 6)) as denominator,
        cast(count(*) as bigint) as expected_count,
        cast(count(case when c.applicability <> 'missing' then 1 end) as bigint) as observed_count,
        case
            when count(case when c.applicability = 'missing' then 1 end) > 0 then 'missing'
            when count(case when c.applicability = 'applies' then 1 end) = 0 then 'not_applicable'
            else 'applies'
        end as applicability,
        min(c.input_basis) as input_basis,
        min(c.input_body) as input_body,
        min(c.input_document) as input_document,
        case
            when min(c.input_period) = max(c.input_period) then min(c.input_period)
            else concat(min(c.input_period), ' 至 ', max(c.input_period))
        end as input_period,
        max(case when c.is_carried_forward then 1 else 0 end) = 1 as is_carried_forward,
        min(c.carried_from_date) as carried_from_date,
        case
            when count(case when c.applicability = 'missing' then 1 end) > 0
                then concat('缺数：', cast(count(*) as varchar), ' 个镇街中 ',
                    cast(count(case when c.applicability <> 'missing' then 1 end) as varchar), ' 个有数')
        end as reason_zh
    from chosen as c
    inner join {{ ref('dim_area') }} as a on c.subject_id = a.area_code and a.area_type = 'town'
    where c.indicator_code in ({% for c in additive %}'{{ c }}', {% endfor %}'')
    group by
        a.parent_code, c.indicator_code, c.basis, c.period_type, c.period, c.period_start_date, c.period_end_date
)

select
    'area' as subject_type,
    subject_id,
    indicator_code,
    period_type,
    period,
    period_start_date,
    period_end_date,
    basis,
    cast(value as decimal(18, 6)) as value,
    cast(numerator as decimal(18, 6)) as numerator,
    cast(denominator as decimal(18, 6)) as denominator,
    cast(expected_count as bigint) as expected_count,
    cast(observed_count as bigint) as observed_count,
    case
        when applicability = 'missing' then null
        when input_basis in ('统计公布', '部门核定') then 'certified'
        when input_basis = '监测认定' then 'reviewed'
        else 'preliminary'
    end as maturity,
    applicability,
    input_basis,
    input_body,
    input_document,
    input_period,
    is_carried_forward,
    carried_from_date,
    reason_zh,
    cast(null as varchar) as policy_version,
    case when input_basis in ('统计公布', '部门核定', '监测认定') then 'verified' else 'unverified' end as status
from together
{%- endmacro %}

{#- one item of int_register_period as native rows of the towns, and the district as the sum of the towns: complete
    only if every town has told it (a town to which it does not apply counts as told, and adds nothing) -#}
{% macro register_item(item_pattern) -%}
    select
        v.area_code, v.item_code, v.period_type, v.period, v.period_start_date, v.period_end_date, v.value,
        v.is_applicable, cast(1 as bigint) as expected_count,
        cast(case when v.value is null and v.is_applicable then 0 else 1 end as bigint) as observed_count,
        v.input_basis, v.input_body, v.input_document, v.summed_from
    from {{ ref('int_register_period') }} as v
    inner join {{ ref('dim_area') }} as a on v.area_code = a.area_code and a.area_type = 'town'
    where v.item_code like '{{ item_pattern }}'
    union all
    select
        a.parent_code as area_code, v.item_code, v.period_type, v.period, v.period_start_date, v.period_end_date,
        case
            when count(case when v.value is not null or not v.is_applicable then 1 end) = min(t.town_count)
                then cast(coalesce(sum(v.value), 0) as decimal(18, 6))
        end as value,
        max(case when v.is_applicable then 1 else 0 end) = 1 as is_applicable,
        min(t.town_count) as expected_count,
        cast(count(case when v.value is not null or not v.is_applicable then 1 end) as bigint) as observed_count,
        min(v.input_basis) as input_basis,
        min(v.input_body) as input_body,
        min(v.input_document) as input_document,
        max(v.summed_from) as summed_from
    from {{ ref('int_register_period') }} as v
    inner join {{ ref('dim_area') }} as a on v.area_code = a.area_code and a.area_type = 'town'
    inner join (
        select parent_code, cast(count(*) as bigint) as town_count
        from {{ ref('dim_area') }}
        where area_type = 'town'
        group by parent_code
    ) as t on a.parent_code = t.parent_code
    where v.item_code like '{{ item_pattern }}'
    group by a.parent_code, v.item_code, v.period_type, v.period, v.period_start_date, v.period_end_date
{%- endmacro %}

{#- why a reported row has no value, or how it was put together -#}
{% macro register_reason(alias) -%}
    case
        when not {{ alias }}.is_applicable then '不适用'
        when {{ alias }}.value is null and {{ alias }}.expected_count > 1
            then concat('缺数：', cast({{ alias }}.expected_count as varchar), ' 个镇街中 ', cast({{ alias }}.observed_count as varchar), ' 个有数')
        when {{ alias }}.value is null then '缺数：报送为空'
        when {{ alias }}.summed_from = 'month' then '由各月合计'
        when {{ alias }}.summed_from = 'quarter' then '由各季合计'
    end
{%- endmacro %}

{% macro register_applicability(alias) -%}
    case
        when not {{ alias }}.is_applicable then 'not_applicable'
        when {{ alias }}.value is null then 'missing'
        else 'applies'
    end
{%- endmacro %}

{#- A whole staging model of a register that towns report by period: town × period (× key), of several files that tell it the last
    part, then the last row. columns: name → SQL expression over the raw row `r`; keys: those of them that belong to the
    grain; joins: further joins of the raw row. -#}
{% macro town_register(source_name, columns, keys=[], joins='') -%}
with read as (
    select
        coalesce(town.area_code, bare.area_code) as town_code,
        {{ jianhu.tidy('r.town_name') }} as town_name_as_sent,
        {{ jianhu.period_columns('r.period') }},
        {%- for name, expression in columns.items() %}
        {{ expression }} as {{ name }},
        {%- endfor %}
        {{ jianhu.squeeze('r.input_basis') }} as input_basis,
        {{ jianhu.tidy('r.input_body') }} as input_body,
        {{ jianhu.tidy('r.input_document') }} as input_document,
        r._part,
        r._seq,
        r._load_id,
        r._row_no
    from {{ source('raw', source_name) }} as r
    {{ joins }}
    {{ jianhu.join_town('r.town_name') }}
)

{{ jianhu.latest_by_key(
    'read',
    ['coalesce(town_code, town_name_as_sent)', 'period'] + keys,
    jianhu.snapshot_order(),
    ['town_code', 'town_name_as_sent', 'period_type', 'period', 'period_start_date', 'period_end_date'] + columns | list
        + ['input_basis', 'input_body', 'input_document', '_load_id', '_row_no']
) }}
{%- endmacro %}
