-- grain: point_id × period × maturity
-- class of a site in a quarter: the worst of all items, told only when every item of the standard has one
{{ config(meta={'evidence': [
    {'parent': 'fct_coastal_item', 'label_zh': '各项目类别', 'on': {'point_id': 'point_id', 'period': 'period', 'maturity': 'maturity'}}],
    'clause': "'gb3097_1997_t1'"}) }}
with wanted as (
    select p.period_start_date, count(distinct l.factor_code) as item_count
    from (select distinct period_start_date from {{ ref('fct_coastal_item') }}) as p
    inner join {{ ref('coastal_limit') }} as l on {{ in_force('p.period_start_date', 'l.') }}
    group by p.period_start_date
),

sites as (
    select
        i.point_id, i.period, i.period_start_date, i.period_end_date, i.maturity, max(w.item_count) as expected_item_count,
        count(i.value) as measured_item_count, count(i.grade) as graded_item_count, max(i.grade) as worst_grade,
        {{ worst_status('i.status') }} as status
    from {{ ref('fct_coastal_item') }} as i
    left join wanted as w on i.period_start_date = w.period_start_date
    group by i.point_id, i.period, i.period_start_date, i.period_end_date, i.maturity
),

worst as (
    select
        s.point_id, s.period, s.maturity, {{ join_text('i.item_name_zh', '、') }} as main_items_zh
    from sites as s
    inner join {{ ref('fct_coastal_item') }} as i
        on s.point_id = i.point_id and s.period = i.period and s.maturity = i.maturity and i.grade = s.worst_grade
    inner join {{ ref('coastal_rule') }} as g on g.rule = 'good_max_grade' and {{ in_force('s.period_start_date', 'g.') }} and s.worst_grade > g.value
    where s.graded_item_count = s.expected_item_count
    group by s.point_id, s.period, s.maturity
)

select
    s.point_id, s.period, s.period_start_date, s.period_end_date, s.maturity,
    cast(row_number() over (
        partition by s.point_id, s.period
        order by s.measured_item_count desc, coalesce(p.rank_no, 99), s.maturity) as int) as rank_in_period,
    s.expected_item_count, s.measured_item_count, s.graded_item_count,
    case when s.graded_item_count = s.expected_item_count then s.worst_grade end as grade,
    case when s.graded_item_count = s.expected_item_count then s.worst_grade <= g.value end as is_good,
    w.main_items_zh,
    case
        when s.graded_item_count = s.expected_item_count then null
        when s.graded_item_count < s.measured_item_count then '未评价（缺标准）'
        else concat('缺 ', cast(s.expected_item_count - s.measured_item_count as varchar), ' 个项目')
    end as reason_zh,
    coalesce(s.status, 'unverified') as status
from sites as s
left join worst as w on s.point_id = w.point_id and s.period = w.period and s.maturity = w.maturity
left join {{ ref('coastal_rule') }} as g on g.rule = 'good_max_grade' and {{ in_force('s.period_start_date', 'g.') }}
left join {{ ref('reading_priority') }} as p on p.purpose = 'evaluation' and p.aspect = 'maturity' and s.maturity = p.code
