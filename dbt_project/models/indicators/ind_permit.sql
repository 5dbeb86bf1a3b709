-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- a report counts in the period in which it was due; the town is the site's
{{ config(meta={'evidence': [
    {'parent': 'fct_permit_report', 'label_zh': '执行报告台账', 'when': 'length(subject_id) = 9',
        'on': {'is_due': 'true', 'town_code': 'subject_id', 'due_date >=': 'period_start_date', 'due_date <': 'period_end_date'}},
    {'parent': 'fct_permit_report', 'label_zh': '执行报告台账', 'when': 'length(subject_id) = 6',
        'on': {'is_due': 'true', 'due_date >=': 'period_start_date', 'due_date <': 'period_end_date'}}]}) }}
with owed as (
    select * from {{ ref('fct_permit_report') }} where is_due and town_code is not null
),

areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

periods as (
    {% for period_type in ['month', 'quarter', 'year'] %}
    select distinct '{{ period_type }}' as period_type, {{ period_start('due_date', period_type) }} as period_start_date from owed
    {{ "union all" if not loop.last }}
    {% endfor %}
),

counted as (
    {% for period_type in ['month', 'quarter', 'year'] %}
    select
        '{{ period_type }}' as period_type, {{ period_start('o.due_date', period_type) }} as period_start_date, a.area_code,
        count(*) as owed_count, sum(case when o.is_on_time then 1 else 0 end) as on_time_count
    from owed as o
    inner join areas as a on a.area_type = 'district' or o.town_code = a.area_code
    group by {{ period_start('o.due_date', period_type) }}, a.area_code
    {{ "union all" if not loop.last }}
    {% endfor %}
),

sites as (
    select distinct a.area_code
    from areas as a
    inner join {{ ref('dim_site') }} as s on a.area_type = 'district' or s.town_code = a.area_code
    inner join {{ ref('dim_outlet') }} as o on s.site_code = o.site_code
),

told as (
    select
        p.period_type, p.period_start_date, a.area_code, 'permit_report_on_time_pct' as indicator_code,
        coalesce(c.owed_count, 0) as expected_count, coalesce(c.owed_count, 0) as observed_count,
        coalesce(c.on_time_count, 0) as on_time_count, s.area_code is not null as has_site
    from periods as p
    cross join areas as a
    left join counted as c
        on p.period_type = c.period_type and p.period_start_date = c.period_start_date and a.area_code = c.area_code
    left join sites as s on a.area_code = s.area_code
)

{{ indicator_rows('told', "case when observed_count > 0 then cast(" ~ ratio('on_time_count * 100', 'observed_count', 6) ~ " as decimal(18, 6)) end",
    numerator='on_time_count', denominator='observed_count',
    applicability="case when observed_count > 0 then 'applies' when has_site then 'missing' else 'not_applicable' end",
    reason="case when observed_count > 0 then null when has_site then '本期无到期报告' else '本区域无持证单位' end",
    maturity="'reviewed'", policy_version="'HJ 944-2018'", status="'verified'", input_basis="'监测认定'") }}
