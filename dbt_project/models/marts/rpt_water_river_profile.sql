-- grain: river_name × order_no × factor_code × month
-- a river from its first section down: month means, what the travel time explains, and how peaks travelled
with means as (
    select r.river_name, r.order_no, i.factor_code, i.period_start_date as month, i.value, i.grade, i.maturity, i.item_name_zh
    from {{ ref('dim_water_river_order') }} as r
    inner join {{ ref('fct_water_section_item') }} as i
        on r.point_id = i.point_id and i.period_type = 'month' and i.grade is not null
),

pairs as (
    select
        from_point_id, to_point_id, factor_code, month, maturity, count(*) as pair_count,
        cast({{ mean('change_value', 6) }} as decimal(18, 6)) as mean_change_value
    from {{ ref('fct_water_pair') }}
    group by from_point_id, to_point_id, factor_code, month, maturity
),

peaks as (
    select
        from_point_id, to_point_id, factor_code, month, maturity, count(*) as peak_count,
        count(case when is_as_expected then 1 end) as expected_peak_count,
        cast({{ mean('lag_hours', 6) }} as decimal(18, 6)) as mean_lag_hours
    from {{ ref('fct_water_peak_travel') }}
    group by from_point_id, to_point_id, factor_code, month, maturity
)

select
    r.river_name, r.order_no, r.point_id, r.section_name, r.town_code, r.is_entry, r.upstream_point_id, r.travel_hours,
    r.from_first_hours, m.factor_code, m.item_name_zh, m.month, m.value, c.class_zh, m.maturity,
    cast(coalesce(p.pair_count, 0) as bigint) as pair_count, p.mean_change_value,
    cast(coalesce(k.peak_count, 0) as bigint) as peak_count, cast(coalesce(k.expected_peak_count, 0) as bigint) as expected_peak_count,
    k.mean_lag_hours, 'illustrative' as status
from {{ ref('dim_water_river_order') }} as r
inner join means as m on r.river_name = m.river_name and r.order_no = m.order_no
left join {{ ref('water_class') }} as c on m.grade = c.grade
left join pairs as p
    on r.point_id = p.from_point_id and r.upstream_point_id = p.to_point_id and m.factor_code = p.factor_code
    and m.month = p.month and m.maturity = p.maturity
left join peaks as k
    on r.point_id = k.from_point_id and r.upstream_point_id = k.to_point_id and m.factor_code = k.factor_code
    and m.month = k.month and m.maturity = k.maturity
