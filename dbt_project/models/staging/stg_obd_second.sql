-- grain: vehicle_id × observed_at
-- the VIN is hashed once per vehicle and load, not once per second; an interval source holds one winner per day
{{ config(materialized='view') }}
with vehicles as (
    select k.vin, {{ vehicle_key(keyed_hash(squeeze('k.vin'))) }} as vehicle_id
    from (select distinct vin from {{ source('raw', 'obd_second') }}) as k
)

select
    v.vehicle_id,
    s.observed_at,
    {{ date_of('s.observed_at') }} as date_day,
    {{ month_of('s.observed_at') }} as month,
    s.speed_km_h, s.net_torque_pct, s.fuel_flow_l_h, s.scr_upstream_nox_ppm, s.scr_downstream_nox_ppm, s.reagent_pct,
    s.air_intake_kg_h, s.scr_inlet_deg_c, s.urea_dosing_ml_h,
    case when s.position_state = '有效' then s.longitude end as longitude,
    case when s.position_state = '有效' then s.latitude end as latitude,
    s._load_id,
    s._row_no
from {{ source('raw', 'obd_second') }} as s
inner join vehicles as v on s.vin = v.vin
