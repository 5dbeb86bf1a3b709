-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- Capture and validity of the monitoring networks per area: sums of counts, never a mean of rates. A series counts in the
-- periods that hold its cadence whole; an amount beyond the expected does not make up for another point's silence.
{{ config(meta={'evidence': [
    {'parent': 'fct_network_day', 'label_zh': '应有与到数', 'on': {
        'period_start_date >=': 'period_start_date', 'period_end_date <=': 'period_end_date',
        'cadence in': "case r.period_type when 'month' then 'day,month' when 'quarter' then 'day,month,quarter' else 'day,month,quarter,half_year,year' end",
        'medium in': "case when r.basis = 'default' then (select string_agg(distinct k.medium, ',') from build.fct_expected k) else r.basis end",
        'point_id in': "(select string_agg(distinct p.point_id, ',') from build.fct_expected p where p.town_code = r.subject_id or length(r.subject_id) = 6)"}}]}) }}
with areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

counted as (
    {%- for period_type in ['month', 'quarter', 'year'] %}
    select
        '{{ period_type }}' as period_type, {{ period_start('n.period_start_date', period_type) }} as period_start_date,
        n.medium, n.town_code,
        sum(n.expected_count) as expected_count,
        sum(least(n.told_count, n.expected_count)) as told_count,
        sum(least(n.valid_count, n.expected_count)) as valid_count,
        min(case n.status when 'illustrative' then 1 when 'unverified' then 2 else 3 end) as status_no
    from {{ ref('fct_network_day') }} as n
    where n.cadence in ('day', 'month'{{ ", 'quarter'" if period_type != 'month' }}{{ ", 'half_year', 'year'" if period_type == 'year' }})
    group by {{ period_start('n.period_start_date', period_type) }}, n.medium, n.town_code
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

spread as (
    select period_type, period_start_date, b.basis, town_code, expected_count, told_count, valid_count, status_no
    from counted as c
    inner join (
        select distinct medium, medium as basis from counted
        union all
        select distinct medium, 'default' as basis from counted
    ) as b on c.medium = b.medium
),

spine as (
    select a.area_code, a.area_type, p.period_type, p.period_start_date, p.basis
    from areas as a
    cross join (select distinct period_type, period_start_date, basis from spread) as p
),

summed as (
    select
        s.area_code, s.period_type, s.period_start_date, s.basis,
        sum(v.expected_count) as expected_count, sum(v.told_count) as told_count,
        sum(v.valid_count) as valid_count, min(v.status_no) as status_no
    from spine as s
    left join spread as v
        on s.period_type = v.period_type and s.period_start_date = v.period_start_date and s.basis = v.basis
        and (s.area_type = 'district' or s.area_code = v.town_code)
    group by s.area_code, s.period_type, s.period_start_date, s.basis
),

told as (
    {%- for name in ['capture', 'valid'] %}
    select
        area_code, 'network_{{ name }}_pct' as indicator_code, period_type, period_start_date, basis, expected_count,
        {{ 'told_count' if name == 'capture' else 'valid_count' }} as observed_count, status_no
    from summed
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

{{ indicator_rows(
    'told',
    value='100 * ' ~ ratio('observed_count', 'expected_count', 12),
    numerator='observed_count',
    denominator='expected_count',
    applicability="case when expected_count is null then 'not_applicable' else 'applies' end",
    reason="case when expected_count is null then '本区域无应有的监测序列' end",
    maturity='null',
    policy_version='cast(null as varchar)',
    status="case status_no when 3 then 'verified' when 2 then 'unverified' else 'illustrative' end",
    basis='basis'
) }}
