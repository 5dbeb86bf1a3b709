-- grain: point_id × factor_code × period_type × period_start_date
-- what the plan wants of each point and period, and what came; a failure is repeated when the samples before it failed as well
{{ config(meta={'evidence': [
    {'parent': 'fct_drinking_sample', 'label_zh': '本期与此前各期样品（连续超标由此而来）', 'on': {'point_id': 'point_id',
        'factor_code': 'factor_code', 'observed_at <': 'cast(period_end_date as timestamp)'}}],
    'clause': "'drinking_plan_own'"}) }}
with points as (
    select point_id, medium, role, town_code, valid_from, valid_to
    from {{ ref('dim_point') }}
    where medium in ('drinking_source', 'rural_water')
),

days as (
    select date_day from {{ ref('dim_date') }}
    where date_day >= (select min(valid_from) from points) and date_day <= {{ date_of(as_of()) }}
),

periods as (
    {%- for frequency in ['month', 'quarter'] %}
    select distinct
        '{{ frequency }}' as frequency, {{ period_start('date_day', frequency) }} as period_start_date,
        {{ period_end(period_start('date_day', frequency), frequency) }} as period_end_date
    from days
    union all
    {%- endfor %}
    select distinct
        'half_year' as frequency, half_start as period_start_date, {{ add_months('half_start', 6) }} as period_end_date
    from (
        select {{ add_months(period_start('date_day', 'year'), 'case when ' ~ quarter_of('date_day') ~ ' <= 2 then 0 else 6 end') }} as half_start
        from days
    ) as halves
),

due as (
    select
        p.point_id, p.medium, p.role, p.town_code, s.factor_code, s.frequency as period_type, d.period_start_date, d.period_end_date,
        {{ add_days('d.period_end_date', 's.grace_days') }} as due_date, s.status
    from points as p
    inner join {{ ref('drinking_sample_plan') }} as s on p.role = s.role
    inner join periods as d
        on s.frequency = d.frequency and p.valid_from <= d.period_start_date
        and (p.valid_to is null or p.valid_to >= d.period_end_date) and {{ in_force('d.period_start_date', 's.') }}
),

told as (
    select
        d.point_id, d.factor_code, d.period_type, d.period_start_date,
        count(case when s.value is not null or s.qualifier is not null then 1 end) as sample_count,
        count(case when s.result = 'fail' then 1 end) as failed_count,
        count(case when (s.value is not null or s.qualifier is not null) and s.result is null then 1 end) as unjudged_count,
        max(s.item_name_zh) as item_name_zh, max(s.reason_zh) as reason_zh, max(s.exceedance_multiple) as exceedance_multiple
    from due as d
    left join {{ ref('fct_drinking_sample') }} as s
        on d.point_id = s.point_id and d.factor_code = s.factor_code
        and s.observed_at >= cast(d.period_start_date as timestamp) and s.observed_at < cast(d.period_end_date as timestamp)
    group by d.point_id, d.factor_code, d.period_type, d.period_start_date
),

-- only periods with a sample stand in a row of failures: a missing sample clears none
numbered as (
    select
        t.*,
        row_number() over (partition by point_id, factor_code, period_type order by period_start_date)
            - row_number() over (
                partition by point_id, factor_code, period_type, case when failed_count > 0 then 1 else 0 end
                order by period_start_date
            ) as run_no
    from told as t
    where sample_count > 0
),

runs as (
    select
        point_id, factor_code, period_type, period_start_date,
        row_number() over (
            partition by point_id, factor_code, period_type, run_no order by period_start_date
        ) as failed_in_a_row_count
    from numbered
    where failed_count > 0
)

select
    d.point_id, d.medium, d.role, d.town_code, d.factor_code, coalesce(t.item_name_zh, f.name_zh) as item_name_zh, d.period_type,
    d.period_start_date, d.period_end_date, d.due_date, d.due_date <= {{ date_of(as_of()) }} as is_due_passed,
    cast(t.sample_count as bigint) as sample_count, t.sample_count = 0 and d.due_date <= {{ date_of(as_of()) }} as is_missing,
    case when t.failed_count > 0 then 'fail' when t.sample_count > 0 and t.unjudged_count = 0 then 'pass' end as result,
    t.exceedance_multiple, cast(coalesce(r.failed_in_a_row_count, 0) as bigint) as failed_in_a_row_count,
    coalesce(r.failed_in_a_row_count >= m.value, false) as is_repeat_failure,
    case
        when t.sample_count = 0 and d.due_date <= {{ date_of(as_of()) }} then '应测样品未到'
        when t.sample_count = 0 then '未到报出期限'
        when t.failed_count = 0 and t.unjudged_count > 0 then t.reason_zh
    end as reason_zh,
    d.status
from due as d
inner join told as t
    on d.point_id = t.point_id and d.factor_code = t.factor_code and d.period_type = t.period_type
    and d.period_start_date = t.period_start_date
left join {{ ref('dim_factor') }} as f on d.factor_code = f.factor_code
left join runs as r
    on d.point_id = r.point_id and d.factor_code = r.factor_code and d.period_type = r.period_type
    and d.period_start_date = r.period_start_date
{{ join_water_rule('repeat_min_count', 'm', 'd.period_start_date') }}
