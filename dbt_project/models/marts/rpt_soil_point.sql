-- grain: subject_id × period
-- a soil point's year: screening and control class, items above
select
    'soil_point_below_screening_pct' as indicator_code, p.point_id as subject_id, cast(p.year as varchar) as period, p.point_name_zh,
    p.town_code, a.name_zh as town_name_zh, p.role, p.land_use, p.class_no, p.class_zh, p.items_over_zh, p.sample_count, p.item_count,
    p.unevaluated_item_count, p.maturity, p.reason_zh, p.status
from {{ ref('fct_soil_point') }} as p
left join {{ ref('dim_area') }} as a on p.town_code = a.area_code
