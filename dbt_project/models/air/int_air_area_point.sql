-- grain: area_code × point_id × valid_from
-- The points whose mean is the area's air, by role (seed air_point_set), each from its first to its last day in the register.
-- series_id: a point that replaces another (point_link `replaces`) continues its series, which has the name of the first;
-- of a chain, four points are followed.
{{ config(meta={'publish': true}) }}
with replaced as (
    select from_point_id, min(to_point_id) as to_point_id, min(valid_from) as replaced_from
    from {{ ref('dim_point_link') }}
    where link_kind = 'replaces'
    group by from_point_id
)

select
    a.area_code, p.point_id,
    coalesce(r3.to_point_id, r2.to_point_id, r1.to_point_id, p.point_id) as series_id,
    r1.to_point_id as replaces_point_id,
    p.valid_from, p.valid_to
from {{ ref('dim_point') }} as p
inner join {{ ref('dim_area') }} as t on p.town_code = t.area_code
inner join {{ ref('dim_area') }} as a on a.area_code = t.area_code or a.area_code = t.parent_code
inner join {{ ref('air_point_set') }} as s on a.area_type = s.area_type and p.role = s.role
left join replaced as r1 on p.point_id = r1.from_point_id
left join replaced as r2 on r1.to_point_id = r2.from_point_id
left join replaced as r3 on r2.to_point_id = r3.from_point_id
where p.medium = 'air'
