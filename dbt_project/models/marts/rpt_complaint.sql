-- grain: subject_id × period_type × period
-- towns, cases of an unknown town, and the district, which counts all of them
with counts as (
    select
        subject_id, period_type, period,
        cast(count(*) as bigint) as case_count,
        cast(sum(case when handling = 'in_time' then 1 else 0 end) as bigint) as in_time_count,
        cast(sum(case when handling = 'late' then 1 else 0 end) as bigint) as late_count,
        cast(sum(case when handling = 'running' then 1 else 0 end) as bigint) as running_count,
        cast(sum(case when handling in ('no_limit', 'no_rule') then 1 else 0 end) as bigint) as no_limit_count,
        cast(sum(case when handling in ('not_started', 'no_calendar') then 1 else 0 end) as bigint) as not_started_count,
        cast(sum(case when is_repeated then 1 else 0 end) as bigint) as repeat_count
    from {{ ref('fct_case_period') }}
    group by subject_id, period_type, period
)

select
    'complaint_handled_in_time_pct' as indicator_code,
    v.subject_id,
    coalesce(a.name_zh, '属地不明') as area_name_zh,
    coalesce(a.area_type, 'unknown') as area_type,
    v.period_type,
    v.period,
    coalesce(c.case_count, 0) as case_count,
    v.observed_count as evaluated_count,
    coalesce(c.in_time_count, 0) as in_time_count,
    coalesce(c.late_count, 0) as late_count,
    coalesce(c.running_count, 0) as running_count,
    coalesce(c.no_limit_count, 0) as no_limit_count,
    coalesce(c.not_started_count, 0) as not_started_count,
    coalesce(c.repeat_count, 0) as repeat_count,
    v.value as complaint_in_time_pct,
    v.applicability,
    v.maturity,
    v.reason_zh,
    v.status
from {{ ref('fct_indicator_value') }} as v
left join {{ ref('dim_area') }} as a on v.subject_id = a.area_code
left join counts as c on v.subject_id = c.subject_id and v.period_type = c.period_type and v.period = c.period
where v.subject_type = 'area' and v.indicator_code = 'complaint_handled_in_time_pct'
