-- grain: element_code × point_id × factor_code
-- which points serve which element of the plan at as_of; a stationary outlet with a device serves the element of stacks
{{ config(meta={'publish': true}) }}
with points as (
    {{ latest_by_key("(select * from " ~ ref('dim_point') ~ " where " ~ in_force(date_of(as_of())) ~ ") as p",
        ['point_id'], ['valid_from desc', 'role asc'], ['point_id', 'name_zh', 'medium', 'role', 'town_code']) }}
)

select distinct
    m.element_code, p.point_id, p.name_zh as point_name_zh, p.town_code, coalesce(m.factor_code, '*') as factor_code
from points as p
inner join {{ ref('element_medium') }} as m on p.medium = m.medium and (m.role is null or p.role = m.role)
union all
select
    m.element_code, concat('outlet:', o.outlet_id) as point_id, o.outlet_id as point_name_zh, s.town_code,
    '*' as factor_code
from {{ ref('dim_outlet') }} as o
inner join {{ ref('dim_site') }} as s on o.site_code = s.site_code
inner join {{ ref('element_medium') }} as m on m.medium = concat('outlet_', o.medium)
where o.mn is not null
