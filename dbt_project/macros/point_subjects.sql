{#- CTEs `summed`, `told`: the months of points summed to months, quarters and years of points, towns and the district, every area
    told. relation: point_id, town_code, month, indicator_code, [basis], maturity, numerator, denominator, expected_count,
    observed_count, status; medium: of the points of the network. -#}
{% macro point_subjects(relation, medium, basis="cast('default' as varchar)") -%}
periods as (
    {%- for period_type in ['month', 'quarter', 'year'] %}
    select
        '{{ period_type }}' as period_type, {{ period_start('month', period_type) }} as period_start_date, point_id, town_code, indicator_code,
        {{ basis }} as basis, maturity, numerator, denominator, expected_count, observed_count, status
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

keys as (
    select distinct period_type, period_start_date, indicator_code, basis from periods
),

subjects as (
    select k.*, 'area' as subject_type, a.area_code as subject_id, p.point_id
    from keys as k
    cross join (select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')) as a
    left join (select distinct point_id, town_code from periods) as p on a.area_type = 'district' or a.area_code = p.town_code
    union all
    select distinct period_type, period_start_date, indicator_code, basis, 'point' as subject_type, point_id as subject_id, point_id
    from periods
),

told as (
    select
        s.subject_type, s.subject_id, s.indicator_code, s.basis, s.period_type, s.period_start_date,
        count(p.point_id) as point_count, sum(p.numerator) as numerator, sum(p.denominator) as denominator,
        cast(coalesce(sum(p.expected_count), 0) as bigint) as expected_count, cast(coalesce(sum(p.observed_count), 0) as bigint) as observed_count,
        -- of points of several maturities the least
        max(p.maturity_text) as maturity,
        {{ worst_status('p.status') }} as status
    from subjects as s
    left join (
        select
            period_type, period_start_date, point_id, indicator_code, basis, sum(numerator) as numerator, sum(denominator) as denominator,
            sum(expected_count) as expected_count, sum(observed_count) as observed_count,
            case when min(maturity) = max(maturity) then min(maturity) else 'preliminary' end as maturity_text,
            {{ worst_status('status') }} as status
        from periods
        group by period_type, period_start_date, point_id, indicator_code, basis
    ) as p
        on s.point_id = p.point_id and s.indicator_code = p.indicator_code and s.basis = p.basis and s.period_type = p.period_type
        and s.period_start_date = p.period_start_date
    group by s.subject_type, s.subject_id, s.indicator_code, s.basis, s.period_type, s.period_start_date
)
{%- endmacro %}
