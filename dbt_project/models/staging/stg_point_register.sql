-- grain: point_code × valid_from
select
    trim(point_code) as point_code,
    trim(name_zh) as name_zh,
    trim(medium) as medium,
    trim(town_code) as town_code,
    longitude,
    latitude,
    trim(role) as role,
    trim(water_body_type) as water_body_type,
    trim(water_body_name) as water_body_name,
    trim(target_class) as target_class,
    trim(zone_code) as zone_code,
    trim(park_code) as park_code,
    trim(section_name) as section_name,
    coalesce(is_shared, false) as is_shared,
    valid_from,
    valid_to,
    _load_id,
    _row_no
from {{ source('raw', 'point_register') }}
