{#- IAQI of distinct concentrations. relation: a CTE with regime, report, factor_code, statistic, month,
    concentration. The concentration is rounded first where the regime says so; above the last segment the dated
    rows of air_iaqi_cap decide; below it the index is rounded up from exact whole numbers (HJ 633, formula 1).
    Result: regime, factor_code, statistic, month, concentration, iaqi (bigint, null where none is computed). -#}
{% macro air_iaqi(relation, report) -%}
select
    v.regime, v.factor_code, v.statistic, v.month, v.concentration,
    coalesce(
        cast(b.iaqi_low as bigint) + {{ ceil_exact(
            'cast(b.iaqi_high - b.iaqi_low as bigint) * cast(v.rounded - b.concentration_low as decimal(38, 12))',
            'b.concentration_high - b.concentration_low', 12) }},
        cast(c.iaqi as bigint)
    ) as iaqi
from (
    select
        d.regime, d.factor_code, d.statistic, d.month, d.concentration, i.averaging,
        cast({{ air_rounded('d.concentration', 'r.digits') }} as decimal(38, 12)) as rounded
    from (select distinct regime, factor_code, statistic, month, concentration from {{ relation }}) as d
    inner join {{ ref('air_report_item') }} as i
        on i.report = '{{ report }}' and i.is_used and d.regime = i.regime
        and d.factor_code = i.factor_code and d.statistic = i.statistic
    left join {{ ref('air_input_rounding') }} as r
        on d.regime = r.regime and d.factor_code = r.factor_code and i.averaging = r.averaging
    where d.concentration is not null
) as v
left join {{ ref('air_iaqi_breakpoint') }} as b
    on v.regime = b.regime and v.factor_code = b.factor_code and v.averaging = b.averaging
    and v.rounded <= b.concentration_high
    and (v.rounded > b.concentration_low or (v.rounded = b.concentration_low and b.segment_no = 1))
left join {{ ref('air_iaqi_cap') }} as c
    on v.regime = c.regime and v.factor_code = c.factor_code and v.averaging = c.averaging
    and v.rounded > c.above_concentration
    and {{ in_force('v.month', 'c.') }}
{%- endmacro %}

{#- x rounded half to even to `digits` decimals (a column: null, 0 or 1) as DECIMAL(38, 12). Every branch is cast: a CASE
    over DECIMAL(38, 0) and DECIMAL(38, 12) would be DECIMAL(38, 0) in DuckDB, and round all of them. -#}
{% macro air_rounded(x, digits) -%}
case
    when {{ digits }} = 0 then cast({{ round_half_even(x, 0) }} as decimal(38, 12))
    when {{ digits }} = 1 then cast({{ round_half_even(x, 1) }} as decimal(38, 12))
    else cast({{ x }} as decimal(38, 12))
end
{%- endmacro %}

{#- the six indices of a row joined to the lookup: one join per pollutant and statistic.
    items: list of [alias, factor_code, statistic, column]. -#}
{% macro air_iaqi_joins(items, lookup, row) -%}
{%- for i in items %}
left join {{ lookup }} as {{ i[0] }}
    on {{ i[0] }}.regime = {{ row }}.regime and {{ i[0] }}.month = {{ row }}.month
    and {{ i[0] }}.factor_code = '{{ i[1] }}' and {{ i[0] }}.statistic = '{{ i[2] }}'
    and {{ i[0] }}.concentration = {{ row }}.{{ i[3] }}
{%- endfor %}
{%- endmacro %}

{#- a parameter of air_rule per regime as columns; CTE text -#}
{% macro air_rules(names) -%}
select
    regime{% for n in names %},
    max(case when rule = '{{ n }}' then value end) as {{ n }}{% endfor %}
from {{ ref('air_rule') }}
group by regime
{%- endmacro %}

{#- class II limits of one averaging, dated so that each day has one under either regime: a regime recomputed outside
    its own years uses its nearest rows. Columns regime, factor_code, limit_value, status, valid_from, valid_to. -#}
{% macro air_limits(averaging) -%}
select
    regime, factor_code, limit_value, status,
    case when lag(valid_from) over (partition by regime, factor_code order by valid_from) is not null then valid_from end
        as valid_from,
    lead(valid_from) over (partition by regime, factor_code order by valid_from) as valid_to
from {{ ref('air_limit') }}
where averaging = '{{ averaging }}' and area_class = 'class2'
{%- endmacro %}

{#- names of the pollutants whose index equals the AQI, in a fixed order, joined by commas; null where none is
    above the bound. items: list of [factor_code, iaqi column, ...columns of the same factor]. -#}
{% macro air_primary(items, aqi, above) -%}
case when {{ aqi }} > {{ above }} then concat_ws(','
    {%- for i in items %},
    case when {% for c in i[1:] %}{{ c }} = {{ aqi }}{{ ' or ' if not loop.last }}{% endfor %} then '{{ i[0] }}' end
    {%- endfor %}) end
{%- endmacro %}

{#- The days of fct_air_day by basis: `default` takes each day under the rule in force on it, the others recompute every
    day under one rule. -#}
{% macro air_day_basis() -%}
select
    'default' as basis, subject_type, subject_id, air_date, regime, maturity, so2_ug_m3, no2_ug_m3, co_mg_m3,
    pm10_ug_m3, pm25_ug_m3, o3_max_8h_ug_m3, aqi, is_valid, is_good, status
from {{ ref('fct_air_day') }}
where is_in_force
union all
select
    regime as basis, subject_type, subject_id, air_date, regime, maturity, so2_ug_m3, no2_ug_m3, co_mg_m3,
    pm10_ug_m3, pm25_ug_m3, o3_max_8h_ug_m3, aqi, is_valid, is_good, status
from {{ ref('fct_air_day') }}
{%- endmacro %}
