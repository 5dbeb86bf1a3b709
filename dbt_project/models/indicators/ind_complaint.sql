-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- subject × indicator × period × basis; by the time of receipt
with spine as (
    {{ period_spine("(select min(month) from " ~ ref('fct_case_period') ~ ")") }}
),

subjects as (
    select area_code as subject_id from {{ ref('dim_area') }}
    where area_type in ('town', 'district')
),

counts as (
    select
        subject_id,
        period_type,
        period,
        cast(count(*) as bigint) as case_count,
        cast(sum(case when handling = 'in_time' then 1 else 0 end) as bigint) as in_time_count,
        cast(sum(case when handling in ('in_time', 'late') then 1 else 0 end) as bigint) as evaluated_count,
        cast(sum(case when handling in ('no_limit', 'no_rule') then 1 else 0 end) as bigint) as no_limit_count,
        cast(sum(case when handling = 'running' then 1 else 0 end) as bigint) as running_count,
        cast(sum(case when handling in ('not_started', 'no_calendar') then 1 else 0 end) as bigint) as other_count,
        cast(sum(case when is_repeated then 1 else 0 end) as bigint) as repeat_count
    from {{ ref('fct_case_period') }}
    group by subject_id, period_type, period
),

-- a period without a case is a count of 0; only `unknown` appears where it has cases
filled as (
    select
        s.subject_id,
        p.period_type,
        p.period,
        p.period_start_date,
        p.period_end_date,
        coalesce(c.case_count, 0) as case_count,
        coalesce(c.in_time_count, 0) as in_time_count,
        coalesce(c.evaluated_count, 0) as evaluated_count,
        coalesce(c.no_limit_count, 0) as no_limit_count,
        coalesce(c.running_count, 0) as running_count,
        coalesce(c.other_count, 0) as other_count,
        coalesce(c.repeat_count, 0) as repeat_count
    from subjects as s
    cross join spine as p
    left join counts as c
        on s.subject_id = c.subject_id and p.period_type = c.period_type and p.period = c.period
    union all
    select
        c.subject_id, p.period_type, p.period, p.period_start_date, p.period_end_date, c.case_count,
        c.in_time_count, c.evaluated_count, c.no_limit_count, c.running_count, c.other_count, c.repeat_count
    from counts as c
    inner join spine as p on c.period_type = p.period_type and c.period = p.period
    where c.subject_id = 'unknown'
),

told as (
    select
        *,
        concat(
            '共 ', cast(case_count as varchar), ' 件：可评价 ', cast(evaluated_count as varchar),
            ' 件，缺时限 ', cast(no_limit_count as varchar), ' 件，未到期 ', cast(running_count as varchar),
            ' 件，未起算 ', cast(other_count as varchar), ' 件') as counts_zh
    from filled
),

measures as (
    select
        subject_id, 'complaint_handled_in_time_pct' as indicator_code, period_type, period, period_start_date,
        period_end_date,
        {{ ratio('in_time_count * 100', 'evaluated_count', 6) }} as value,
        in_time_count as numerator, evaluated_count as denominator,
        case_count as expected_count, evaluated_count as observed_count,
        case
            when evaluated_count > 0 then 'applies'
            when case_count = 0 then 'not_applicable'
            else 'missing'
        end as applicability,
        case when case_count = 0 then '本期无工单' else counts_zh end as reason_zh,
        'unverified' as status
    from told
    union all
    select
        subject_id, 'complaint_count' as indicator_code, period_type, period, period_start_date,
        period_end_date, case_count as value, case_count as numerator, cast(null as bigint) as denominator,
        case_count as expected_count, case_count as observed_count, 'applies' as applicability,
        cast(null as varchar) as reason_zh, 'verified' as status
    from told
    union all
    select
        subject_id, 'complaint_repeat_count' as indicator_code, period_type, period, period_start_date,
        period_end_date, repeat_count as value, repeat_count as numerator, cast(null as bigint) as denominator,
        case_count as expected_count, case_count as observed_count, 'applies' as applicability,
        cast(null as varchar) as reason_zh, 'illustrative' as status
    from told
)

select
    'area' as subject_type,
    subject_id,
    indicator_code,
    period_type,
    period,
    period_start_date,
    period_end_date,
    'default' as basis,
    cast(value as decimal(18, 6)) as value,
    cast(numerator as decimal(18, 6)) as numerator,
    cast(denominator as decimal(18, 6)) as denominator,
    expected_count,
    observed_count,
    case when period_end_date <= {{ date_of(as_of()) }} then 'reviewed' else 'preliminary' end as maturity,
    applicability,
    '部门核定' as input_basis,
    '12345 政务热线、信访' as input_body,
    cast(null as varchar) as input_document,
    period as input_period,
    false as is_carried_forward,
    cast(null as date) as carried_from_date,
    reason_zh,
    cast(null as varchar) as policy_version,
    status
from measures
