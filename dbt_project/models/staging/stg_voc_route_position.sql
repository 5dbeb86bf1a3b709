-- grain: point_id × observed_at
-- the first record of a second tells the place; the others of that second repeat it
{{ config(materialized='view') }}
with told as (
    select
        concat('voc_route:', trim(car_code)) as point_id, trim(run_code) as run_code, observed_at, longitude, latitude,
        _load_id, _row_no, _seq, _col
    from {{ source('raw', 'voc_route_second') }}
)

{{ latest_by_key('told', ['point_id', 'observed_at'], ['_seq desc', '_load_id desc', '_row_no desc', '_col desc'],
    ['point_id', 'run_code', 'observed_at', 'longitude', 'latitude', '_load_id', '_row_no', '_col']) }}
