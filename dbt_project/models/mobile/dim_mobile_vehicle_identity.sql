-- grain: vehicle_id × valid_from
-- restricted: which plate and VIN stand behind a vehicle_id, for those who enforce
{{ config(materialized='table', database='restricted') }}
with latest as (
    {{ latest_by_key(source('raw', 'mobile_vehicle_register'), ['vin', 'valid_from'], arrival_order()) }}
)

select
    {{ vehicle_key(keyed_hash(squeeze('vin'))) }} as vehicle_id,
    {{ squeeze('vin') }} as vin,
    {{ squeeze('plate') }} as plate,
    {{ tidy('plate_colour') }} as plate_colour,
    valid_from,
    valid_to,
    _load_id,
    _row_no
from latest
