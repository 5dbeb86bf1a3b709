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

{#- x rounded half to even to `digits` decimals (a column: null, 0, 1 or 2) as DECIMAL(38, 12). Every branch is cast: a CASE
    over DECIMAL(38, 0) and DECIMAL(38, 12) would be DECIMAL(38, 0) in DuckDB, and round all of them. -#}
{% macro air_rounded(x, digits) -%}
case
    when {{ digits }} = 0 then cast({{ round_half_even(x, 0) }} as decimal(38, 12))
    when {{ digits }} = 1 then cast({{ round_half_even(x, 1) }} as decimal(38, 12))
    when {{ digits }} = 2 then cast({{ round_half_even(x, 2) }} as decimal(38, 12))
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

{#- Every day of every maturity by basis. rule_basis: `default` takes each day under the rule in force on it, the others
    recompute every day under one rule. Each has a twin `<basis>_no_dust`, 剔除沙尘, as soon as the register of sand-dust days
    tells any: particles (and, where the rule says so, the whole day) leave it on the days of the register.
    is_*_excluded: a value that was there has been taken out, so that the day is not missing. -#}
{% macro air_day_basis() -%}
{%- set same = "j.subject_type, j.subject_id, j.air_date, j.regime, j.maturity, j.point_ids, j.so2_ug_m3, j.no2_ug_m3, j.co_mg_m3" %}
{%- for rule_basis in ["'default'", 'j.regime'] %}
select
    {{ rule_basis }} as basis, {{ rule_basis }} as rule_basis, {{ same }},
    j.pm10_ug_m3, j.pm25_ug_m3, j.o3_max_8h_ug_m3, j.is_valid, j.is_good, j.status,
    false as is_pm10_excluded, false as is_pm25_excluded
from {{ ref('int_air_judged_day') }} as j
{{ 'where j.is_in_force' if loop.first }}
union all
select
    concat({{ rule_basis }}, '_no_dust') as basis, {{ rule_basis }} as rule_basis, {{ same }},
    case when d.subject_id is null or r.dust_excludes_particles <> 1 then j.pm10_ug_m3 end as pm10_ug_m3,
    case when d.subject_id is null or r.dust_excludes_particles <> 1 then j.pm25_ug_m3 end as pm25_ug_m3,
    j.o3_max_8h_ug_m3,
    j.is_valid and (d.subject_id is null or r.dust_excludes_day <> 1) as is_valid,
    case when d.subject_id is null or r.dust_excludes_day <> 1 then j.is_good end as is_good,
    case when d.subject_id is null then j.status else 'unverified' end as status,
    d.subject_id is not null and r.dust_excludes_particles = 1 and j.pm10_ug_m3 is not null as is_pm10_excluded,
    d.subject_id is not null and r.dust_excludes_particles = 1 and j.pm25_ug_m3 is not null as is_pm25_excluded
from {{ ref('int_air_judged_day') }} as j
inner join ({{ air_rules(['dust_excludes_particles', 'dust_excludes_day']) }}) as r on j.regime = r.regime
inner join (select count(*) as told from {{ ref('int_air_dust_day') }}) as t on t.told > 0
left join {{ ref('int_air_dust_day') }} as d
    on j.subject_type = d.subject_type and j.subject_id = d.subject_id and j.air_date = d.air_date
{{ 'where j.is_in_force' if loop.first }}
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endmacro %}

{#- Periods of a relation of days: months, quarters, years, and for areas the year up to each month from February on (what
    bulletins print beside the month). columns: names carried along. -#}
{% macro air_period_spread(relation, columns) -%}
{%- for t in ['month', 'quarter', 'year'] %}
select
    '{{ t }}' as period_type,
    {{ period_label('air_date', t) }} as period,
    {{ period_start('air_date', t) }} as period_start_date,
    {{ period_end(period_start('air_date', t), t) }} as period_end_date,
    {{ columns | join(', ') }}
from {{ relation }}
union all
{%- endfor %}
select
    'year_to_date' as period_type,
    concat({{ period_label(period_start('d.air_date', 'year'), 'month') }}, '..', {{ period_label('m.last_month', 'month') }}) as period,
    {{ period_start('d.air_date', 'year') }} as period_start_date,
    {{ period_end('m.last_month', 'month') }} as period_end_date,
    {% for c in columns %}d.{{ c }}{{ ', ' if not loop.last }}{% endfor %}
from {{ relation }} as d
inner join (select distinct {{ period_start('air_date', 'month') }} as last_month from {{ relation }}) as m
    on {{ year_of('d.air_date') }} = {{ year_of('m.last_month') }}
    and {{ period_start('d.air_date', 'month') }} <= m.last_month
    and {{ month_number_of('m.last_month') }} > 1
where d.subject_type = 'area'
{%- endmacro %}

{#- days that a period asks for, by HJ 663: months and years as they stand, quarters and the year up to a month as the
    sum of their months. row, rules: aliases with period_type, period_start_date, period_end_date and the three minima. -#}
{% macro air_required_days(row, rules) -%}
case
    when {{ row }}.period_type = 'year' then {{ rules }}.year_min_days
    when {{ row }}.period_type = 'month' and {{ month_number_of(row ~ '.period_start_date') }} = 2 then {{ rules }}.february_min_days
    when {{ row }}.period_type = 'month' then {{ rules }}.month_min_days
    else {{ rules }}.month_min_days * (12 * ({{ year_of(row ~ '.period_end_date') }} - {{ year_of(row ~ '.period_start_date') }})
            + {{ month_number_of(row ~ '.period_end_date') }} - {{ month_number_of(row ~ '.period_start_date') }})
        - case when {{ month_number_of(row ~ '.period_start_date') }} = 1
            then {{ rules }}.month_min_days - {{ rules }}.february_min_days else 0 end
end
{%- endmacro %}

{#- a basis in words: which rule, and with or without the dust days of the register -#}
{% macro air_basis_zh(basis) -%}
concat(
    case
        when {{ basis }} like 'regime_2012%' then '按 2012 年标准重算'
        when {{ basis }} like 'regime_2026%' then '按 2026 年标准重算'
        else '按数据当日标准'
    end,
    case when {{ basis }} like '%no_dust' then '，剔除沙尘' else '，实况' end)
{%- endmacro %}
