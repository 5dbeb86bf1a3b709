-- grain: point_id × period_start_date
-- class of a well in a quarter: its worst item (GB/T 14848); items not evaluated are told
{{ config(meta={'evidence': [
    {'parent': 'fct_groundwater_item', 'label_zh': '各项目均值与类别', 'on': {'point_id': 'point_id', 'period_start_date': 'period_start_date'}}],
    'clause': "'gbt14848_2017_6'"}) }}
with worst as (
    select
        point_id, period_start_date, max(grade) as grade, count(grade) as item_count,
        sum(case when grade is null then 1 else 0 end) as unevaluated_item_count, max(sampled_at) as sampled_at,
        max(case maturity when 'certified' then 1 when 'reviewed' then 2 else 3 end) as maturity_rank,
        {{ join_text("case when grade is null then concat(item_name_zh, reason_zh) end", '；', distinct=true) }} as unevaluated_zh,
        {{ worst_status('status') }} as status
    from {{ ref('fct_groundwater_item') }}
    group by point_id, period_start_date
),

deciding as (
    select
        w.point_id, w.period_start_date,
        {{ join_text('i.item_name_zh', '、') }} as worst_items_zh,
        {{ join_text('i.factor_code', ',') }} as worst_factor_codes
    from worst as w
    inner join {{ ref('fct_groundwater_item') }} as i
        on w.point_id = i.point_id and w.period_start_date = i.period_start_date and w.grade = i.grade
    group by w.point_id, w.period_start_date
)

select
    w.point_id, w.period_start_date, {{ month_of('w.sampled_at') }} as month, w.sampled_at, g.name_zh as well_name_zh, g.town_code, g.role,
    g.aquifer_code, g.aquifer_name_zh, g.depth_m, cast(w.grade as int) as grade, c.class_zh, d.worst_items_zh, d.worst_factor_codes,
    cast(w.item_count as bigint) as item_count, cast(w.unevaluated_item_count as bigint) as unevaluated_item_count,
    case w.maturity_rank when 1 then 'certified' when 2 then 'reviewed' else 'preliminary' end as maturity,
    case when w.grade is null then coalesce(w.unevaluated_zh, '无可评价的项目') else w.unevaluated_zh end as reason_zh, w.status
from worst as w
left join deciding as d on w.point_id = d.point_id and w.period_start_date = d.period_start_date
left join {{ ref('dim_groundwater_well') }} as g
    on w.point_id = g.point_id and {{ in_force(date_of('w.sampled_at'), 'g.') }}
left join {{ ref('groundwater_class') }} as c on w.grade = c.grade
