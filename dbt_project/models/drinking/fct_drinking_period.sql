-- grain: point_id × period_type × period_start_date
-- a point in a month, quarter, half-year or year: covered only if every due sample came, compliant only if every due item
-- was judged and none failed
{{ config(meta={'evidence': [
    {'parent': 'fct_drinking_due', 'label_zh': '应测样品', 'on': {'point_id': 'point_id',
        'period_start_date >=': 'period_start_date', 'period_end_date <=': 'period_end_date'}}],
    'clause': "'drinking_plan_own'"}) }}
with spans as (
    {%- for period_type in ['month', 'quarter', 'year'] %}
    select distinct
        '{{ period_type }}' as period_type, {{ period_start('period_start_date', period_type) }} as span_start_date,
        {{ period_end(period_start('period_start_date', period_type), period_type) }} as span_end_date
    from {{ ref('fct_drinking_due') }}
    union all
    {%- endfor %}
    select distinct 'half_year', period_start_date, period_end_date
    from {{ ref('fct_drinking_due') }}
    where period_type = 'half_year'
),

counted as (
    select
        d.point_id, d.medium, d.role, d.town_code, s.period_type, s.span_start_date, s.span_end_date, count(*) as due_count,
        count(case when d.sample_count > 0 then 1 end) as sampled_count,
        count(case when d.is_missing then 1 end) as missing_count,
        count(case when d.sample_count = 0 and not d.is_due_passed then 1 end) as pending_count,
        count(case when d.result = 'fail' then 1 end) as failed_count,
        count(case when d.sample_count > 0 and d.result is null then 1 end) as unjudged_count,
        count(case when d.is_repeat_failure then 1 end) as repeat_failure_count,
        {{ join_text("case when d.result = 'fail' then d.item_name_zh end", '、', distinct=true) }} as failed_items_zh,
        {{ join_text("case when d.is_missing then d.item_name_zh end", '、', distinct=true) }} as missing_items_zh,
        {{ join_text("case when d.sample_count > 0 and d.result is null then d.item_name_zh end", '、', distinct=true) }} as unjudged_items_zh,
        min(case when d.sample_count > 0 and d.result is null then d.reason_zh end) as unjudged_reason_zh
    from spans as s
    inner join {{ ref('fct_drinking_due') }} as d
        on d.period_start_date >= s.span_start_date and d.period_end_date <= s.span_end_date
        and (s.period_type <> 'half_year' or d.period_type = 'half_year')
    group by d.point_id, d.medium, d.role, d.town_code, s.period_type, s.span_start_date, s.span_end_date
)

select
    point_id, medium, role, town_code, period_type, span_start_date as period_start_date, span_end_date as period_end_date,
    cast(due_count as bigint) as due_count, cast(sampled_count as bigint) as sampled_count,
    cast(missing_count as bigint) as missing_count, cast(pending_count as bigint) as pending_count,
    case when missing_count > 0 then false when pending_count = 0 then true end as is_covered,
    cast(failed_count as bigint) as failed_count, cast(unjudged_count as bigint) as unjudged_count,
    case
        when failed_count > 0 then false
        when missing_count + pending_count + unjudged_count = 0 then true
    end as is_compliant,
    cast(repeat_failure_count as bigint) as repeat_failure_count, failed_items_zh, missing_items_zh, unjudged_items_zh,
    case
        when failed_count > 0 then concat('超标：', failed_items_zh)
        when missing_count > 0 then concat('缺样：', missing_items_zh)
        when pending_count > 0 then '未到报出期限'
        when unjudged_count > 0 then concat(unjudged_reason_zh, '：', unjudged_items_zh)
    end as reason_zh,
    'illustrative' as status
from counted
