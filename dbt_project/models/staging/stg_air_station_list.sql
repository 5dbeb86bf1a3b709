-- grain: station_code
-- Of several lists the one whose name sorts last tells the station.
with listed as (
    select
        trim(station_code) as station_code,
        trim(station_name) as station_name,
        trim(city_name) as city_name,
        longitude,
        latitude,
        coalesce(trim(reference_point) in ('Y', '是', '1'), false) as is_reference_point,
        _part, _load_id, _row_no, _seq, _col
    from {{ source('raw', 'air_station_list') }}
)

select
    station_code, station_name, city_name, longitude, latitude, is_reference_point, _load_id, _row_no
from ({{ latest_by_key('listed', ['station_code'], snapshot_order()) }}) as winners
