-- grain: point_id × valid_from
-- a national station of the register is told by the register; the station list fills in the others
with registered as (
    select
        concat(case when medium = 'surface_water' then 'water' else medium end, ':', point_code) as point_id,
        point_code, name_zh, medium, town_code, longitude, latitude, role, water_body_type, water_body_name,
        target_class, zone_code, park_code, is_shared, 'district' as network, valid_from, valid_to
    from {{ ref('stg_point_register') }}
),

listed as (
    select
        concat('air:', station_code) as point_id,
        station_code as point_code, station_name as name_zh, longitude, latitude,
        case when is_reference_point then 'background' else 'national' end as role
    from {{ ref('stg_air_station_list') }}
)

select
    point_id, point_code, name_zh, medium, town_code, longitude, latitude, role, water_body_type,
    water_body_name, target_class, zone_code, park_code, is_shared, network, valid_from, valid_to
from registered
union all
select
    l.point_id, l.point_code, l.name_zh, 'air' as medium, cast(null as varchar) as town_code, l.longitude,
    l.latitude, l.role, cast(null as varchar) as water_body_type, cast(null as varchar) as water_body_name,
    cast(null as varchar) as target_class, cast(null as varchar) as zone_code, cast(null as varchar) as park_code,
    false as is_shared, 'national' as network,
    cast(null as date) as valid_from, cast(null as date) as valid_to
from listed as l
where not exists (select 1 from registered as r where r.point_id = l.point_id)
