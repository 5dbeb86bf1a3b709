-- grain: station_code × height_m × valid_from
select
    trim(station_code) as station_code,
    concat('air_profile:', trim(station_code), '-', lpad(cast(height_m as varchar), 5, '0')) as point_id,
    height_m,
    trim(instrument) as instrument,
    valid_from,
    valid_to,
    _load_id,
    _row_no
from {{ source('raw', 'air_profile_layer') }}
