-- grain: point_id × factor_code × month
-- one maturity per item and month: certified before reviewed before preliminary (seed water_maturity)
{{ config(meta={'evidence': [
    {'parent': 'int_water_month_item', 'label_zh': '各成熟度的月均值',
        'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'month': 'month'}}]}) }}
with maturity_order as (
    select code as maturity, rank_no as priority from {{ ref('reading_priority') }}
    where purpose = 'evaluation' and aspect = 'maturity'
)

select
    point_id, factor_code, month, maturity, priority, value, reading_count, day_count
from (
    select
        i.point_id, i.factor_code, i.month, i.maturity, m.priority, i.value, i.reading_count, i.day_count,
        row_number() over (
            partition by i.point_id, i.factor_code, i.month order by coalesce(m.priority, 99), i.maturity
        ) as rank_in_month
    from {{ ref('int_water_month_item') }} as i
    left join maturity_order as m on i.maturity = m.maturity
) as ranked
where rank_in_month = 1
