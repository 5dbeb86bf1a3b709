-- grain: point_id × year
-- a soil point's year: the worst item of its samples; items without a limit are told and do not make it clean
{{ config(meta={'evidence': [
    {'parent': 'fct_soil_item', 'label_zh': '样品各项目', 'on': {'point_id': 'point_id', 'year': 'year'}}]}) }}
with worst as (
    select
        point_id, year, max(point_name_zh) as point_name_zh, max(town_code) as town_code, max(role) as role,
        {{ join_text('land_use', '、', distinct=true) }} as land_use,
        max(class_no) as class_no, count(distinct observed_at) as sample_count,
        count(distinct case when class_no is not null then factor_code end) as item_count,
        count(distinct case when class_no is null then factor_code end) as unevaluated_item_count,
        {{ join_text("case when class_no > 1 then item_name_zh end", '、', distinct=true) }} as items_over_zh,
        {{ join_text("case when class_no is null then concat(item_name_zh, reason_zh) end", '；', distinct=true) }} as unevaluated_zh,
        {{ join_text("clause_id", ",", distinct=true) }} as clause_ids,
        max(case maturity when 'certified' then 1 when 'reviewed' then 2 else 3 end) as maturity_rank,
        {{ worst_status('status') }} as status
    from {{ ref('fct_soil_item') }}
    group by point_id, year
)

select
    w.point_id, w.year, w.point_name_zh, w.town_code, w.role, w.land_use, cast(w.class_no as int) as class_no,
    coalesce(c.class_zh, '未评价（缺标准）') as class_zh, w.items_over_zh, cast(w.sample_count as bigint) as sample_count,
    cast(w.item_count as bigint) as item_count, cast(w.unevaluated_item_count as bigint) as unevaluated_item_count,
    case w.maturity_rank when 1 then 'certified' when 2 then 'reviewed' else 'preliminary' end as maturity,
    w.unevaluated_zh as reason_zh, w.clause_ids, w.status
from worst as w
left join {{ ref('soil_class') }} as c on w.class_no = c.class_no
