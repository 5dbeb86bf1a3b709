-- grain: vehicle_id × valid_from
-- plate and VIN only as keyed hashes; who is who stays in the restricted dim_mobile_vehicle_identity
with latest as (
    {{ latest_by_key(source('raw', 'mobile_vehicle_register'), ['vin', 'valid_from'], arrival_order()) }}
)

select
    {{ vehicle_key(keyed_hash(squeeze('r.vin'))) }} as vehicle_id,
    {{ keyed_hash(squeeze('r.plate')) }} as plate_hash,
    {{ tidy('r.vehicle_class') }} as vehicle_class,
    {{ tidy('r.fuel') }} as fuel,
    s.emission_stage,
    s.stage_no,
    r.reference_torque_n_m,
    r.registered_date,
    r.obd_installed_date,
    {{ squeeze('r.town_code') }} as town_code,
    r.valid_from,
    r.valid_to,
    r._load_id,
    r._row_no
from latest as r
left join {{ ref('emission_stage_alias') }} as s on {{ squeeze('r.emission_stage') }} = s.alias
