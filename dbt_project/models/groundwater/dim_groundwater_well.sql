-- grain: point_id × valid_from
-- a monitoring well as it stood: another aquifer or a new boring is another row
select
    w.point_id, w.point_code, p.name_zh, p.town_code, p.role, w.aquifer_code, a.name_zh as aquifer_name_zh, w.depth_m, w.screen_top_m,
    w.screen_bottom_m, w.ground_elevation_m, w.valid_from, w.valid_to, w._load_id, w._row_no
from {{ ref('stg_groundwater_well') }} as w
left join {{ ref('dim_point') }} as p
    on w.point_id = p.point_id and {{ in_force('w.valid_from', 'p.') }}
left join {{ ref('groundwater_aquifer') }} as a on w.aquifer_code = a.aquifer_code
