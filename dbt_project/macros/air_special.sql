{#- Parameters of air_special_rule as columns, one row per interval of validity; joined with in_force on the day of the data.
    All rules of an interval stand together (tested), so that one row holds a whole set. CTE text. -#}
{% macro air_special_rules(names) -%}
select
    valid_from, valid_to{% for n in names %},
    max(case when rule = '{{ n }}' then value end) as {{ n }}{% endfor %}
from {{ ref('air_special_rule') }}
group by valid_from, valid_to
{%- endmacro %}

{#- the day to which an interval that ends at x belongs -#}
{% macro day_of_interval(x) -%}
{{ jianhu.date_of(jianhu.add_minutes(x, '-1')) }}
{%- endmacro %}

{#- Rows of an indicator family (contract 6) from a relation that holds subject_id, indicator_code, period_type, period,
    period_start_date, period_end_date, value, numerator, denominator, expected_count, observed_count, maturity, reason_zh,
    policy_version, status. Where a period is told in several maturities, one row speaks: that with a value, then the more mature. -#}
{% macro subject_indicator_rows(relation, subject_type) -%}
select
    '{{ subject_type }}' as subject_type, subject_id, indicator_code, period_type, period, period_start_date, period_end_date,
    'default' as basis,
    cast(value as decimal(18, 6)) as value,
    cast(numerator as decimal(18, 6)) as numerator,
    cast(denominator as decimal(18, 6)) as denominator,
    cast(expected_count as bigint) as expected_count,
    cast(observed_count as bigint) as observed_count,
    maturity,
    case when value is null then 'missing' else 'applies' end as applicability,
    '监测认定' as input_basis,
    cast(null as varchar) as input_body,
    cast(null as varchar) as input_document,
    period as input_period,
    false as is_carried_forward,
    cast(null as date) as carried_from_date,
    reason_zh,
    policy_version,
    status
from (
    select
        c.*,
        row_number() over (
            partition by c.subject_id, c.indicator_code, c.period_type, c.period
            order by case when c.value is null then 1 else 0 end, coalesce(k.rank_no, 99), c.maturity
        ) as rank_in_period
    from {{ relation }} as c
    left join {{ ref('reading_priority') }} as k
        on k.purpose = 'evaluation' and k.aspect = 'maturity' and k.code = c.maturity
) as ranked
where rank_in_period = 1
{%- endmacro %}
