-- grain: vehicle_id × valid_from
select
    v.vehicle_id, v.plate_hash, v.vehicle_class, c.name_zh as vehicle_class_zh, coalesce(c.is_obd_required, false) as is_obd_required,
    v.fuel, v.emission_stage, v.stage_no, v.reference_torque_n_m, v.registered_date, v.obd_installed_date, v.town_code,
    a.name_zh as town_name_zh, v.valid_from, v.valid_to, v._load_id, v._row_no
from {{ ref('stg_mobile_vehicle_register') }} as v
left join {{ ref('mobile_vehicle_class') }} as c on v.vehicle_class = c.vehicle_class
left join {{ ref('dim_area') }} as a on v.town_code = a.area_code
