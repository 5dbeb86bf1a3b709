-- grain: link_kind × from_point_id × to_point_id × valid_from
select
    trim(link_kind) as link_kind,
    trim(from_point_id) as from_point_id,
    trim(to_point_id) as to_point_id,
    travel_hours,
    distance_km,
    position_no,
    valid_from,
    valid_to,
    _load_id,
    _row_no
from {{ source('raw', 'point_link') }}
