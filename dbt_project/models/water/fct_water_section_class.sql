-- grain: point_id × period_type × period_start_date
-- class of a section in a day, month, quarter or year: the worst item; main pollutants are items worse than class III,
-- cyanide and heavy metals first, then by grade and multiple, at most as many as the seed says
{{ config(meta={'evidence': [
    {'parent': 'fct_water_section_item', 'label_zh': '各项目均值与级别', 'on': {'point_id': 'point_id',
        'period_type': 'period_type', 'period_start_date': 'period_start_date'}}],
    'clause': "'hbb_2011_22'"}) }}
with maturity_order as (
    select code as maturity, rank_no as priority from {{ ref('reading_priority') }}
    where purpose = 'evaluation' and aspect = 'maturity'
),

worst as (
    select
        i.point_id, i.period_type, i.period_start_date, max(i.grade) as grade, count(i.grade) as item_count,
        max(i.reading_count) as reading_count, max(i.month_count) as month_count, max(coalesce(m.priority, 99)) as priority,
        max(i.reason_zh) as reason_zh
    from {{ ref('fct_water_section_item') }} as i
    left join maturity_order as m on i.maturity = m.maturity
    where i.limit_class_3 is not null
    group by i.point_id, i.period_type, i.period_start_date
),

polluting as (
    select
        i.point_id, i.period_type, i.period_start_date, i.item_name_zh, i.exceedance_multiple, n.value as at_most,
        row_number() over (
            partition by i.point_id, i.period_type, i.period_start_date
            order by
                case when t.factor_code is null then 1 else 0 end, i.grade desc,
                coalesce(i.exceedance_multiple, -1) desc, i.factor_code
        ) as rank_in_period
    from {{ ref('fct_water_section_item') }} as i
    inner join {{ ref('water_rule') }} as g
        on g.rule = 'class_1_3_max_grade' and i.grade > g.value and {{ in_force('i.period_start_date', 'g.') }}
    left join {{ ref('water_rule') }} as n
        on n.rule = 'main_pollutant_count' and {{ in_force('i.period_start_date', 'n.') }}
    left join {{ ref('water_toxic_first') }} as t on i.factor_code = t.factor_code
),

main_pollutants as (
    select
        point_id, period_type, period_start_date,
        {{ join_text(
            "concat(item_name_zh, case when exceedance_multiple is null then '' else concat('(', cast("
            ~ round_half_up('exceedance_multiple', 1, 6) ~ " as varchar), ')') end)", '、', 'rank_in_period') }}
            as main_pollutants_zh
    from polluting
    where rank_in_period <= at_most
    group by point_id, period_type, period_start_date
)

select
    w.point_id, w.period_type, w.period_start_date, s.section_name, s.network, s.town_code, s.role, s.is_shared,
    s.water_body_type, s.water_body_basis, o.maturity, cast(w.grade as int) as grade, c.class_zh, c.quality_zh,
    w.grade <= r.value as is_class_1_3, s.target_class, s.target_grade, w.grade <= s.target_grade as is_target_met,
    p.main_pollutants_zh, cast(w.item_count as bigint) as item_count, cast(w.reading_count as bigint) as reading_count,
    cast(w.month_count as bigint) as month_count,
    case when w.grade is null then coalesce(w.reason_zh, '无可评价的项目') end as reason_zh
from worst as w
left join {{ ref('dim_water_section') }} as s
    on w.point_id = s.point_id and {{ in_force('w.period_start_date', 's.') }}
left join {{ ref('water_class') }} as c on w.grade = c.grade
left join {{ ref('water_rule') }} as r
    on r.rule = 'class_1_3_max_grade' and {{ in_force('w.period_start_date', 'r.') }}
left join maturity_order as o on w.priority = o.priority
left join main_pollutants as p
    on w.point_id = p.point_id and w.period_type = p.period_type and w.period_start_date = p.period_start_date
