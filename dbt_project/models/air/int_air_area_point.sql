-- grain: area_code × point_id × valid_from
-- The points whose mean is the area's air, by role (seed air_point_set)
{{ config(meta={'publish': true}) }}
select
    a.area_code, p.point_id, p.valid_from, p.valid_to
from {{ ref('dim_point') }} as p
inner join {{ ref('dim_area') }} as t on p.town_code = t.area_code
inner join {{ ref('dim_area') }} as a on a.area_code = t.area_code or a.area_code = t.parent_code
inner join {{ ref('air_point_set') }} as s on a.area_type = s.area_type and p.role = s.role
where p.medium = 'air'
