-- grain: river_name × order_no
-- sections of a river from its first one down, as the stored links say; hours and kilometres are counted from the first
{{ config(meta={'evidence': [
    {'parent': 'dim_point_link', 'label_zh': '点位关系', 'when': 'upstream_point_id is not null',
        'on': {'link_kind': "'upstream'", 'from_point_id': 'point_id', 'to_point_id': 'upstream_point_id'}}]}) }}
with links as (
    select
        l.from_point_id, l.to_point_id, l.position_no, l.travel_hours, l.distance_km, s.water_body_name as river_name
    from {{ ref('dim_point_link') }} as l
    inner join {{ ref('dim_water_section') }} as s
        on l.from_point_id = s.point_id and {{ in_force(date_of(as_of()), 's.') }}
    where l.link_kind = 'upstream' and s.water_body_name is not null and {{ in_force(date_of(as_of()), 'l.') }}
),

members as (
    select
        river_name, from_point_id as point_id, to_point_id as upstream_point_id, position_no + 1 as order_no,
        travel_hours, distance_km
    from links
    union all
    select
        river_name, to_point_id, cast(null as varchar), 1, cast(0 as decimal(18, 6)), cast(0 as decimal(18, 6))
    from links
    where position_no = 1
)

select
    m.river_name, cast(m.order_no as int) as order_no, m.point_id, s.section_name, s.town_code, s.role,
    m.upstream_point_id, m.travel_hours, m.distance_km,
    cast(sum(m.travel_hours) over (partition by m.river_name order by m.order_no) as decimal(18, 6)) as from_first_hours,
    cast(sum(m.distance_km) over (partition by m.river_name order by m.order_no) as decimal(18, 6)) as from_first_km,
    s.role = 'entry' as is_entry, s.target_class, s.target_grade
from members as m
left join {{ ref('dim_water_section') }} as s
    on m.point_id = s.point_id and {{ in_force(date_of(as_of()), 's.') }}
