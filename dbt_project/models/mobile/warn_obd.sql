-- grain: warning_id
-- signs of heavy vehicles that somebody should look at
select
    concat('obd/', s.sign_kind, '/', s.vehicle_id, '/', cast(s.started_at as varchar)) as warning_id,
    s.sign_kind as warning_kind, 'vehicle' as subject_type, s.vehicle_id as subject_id, v.town_code, cast(null as varchar) as factor_code,
    s.started_at, s.ended_at, s.value, s.threshold_value, 2 as level_no, s.message_zh, 'gb17691_2018_q' as clause_id, s.status, s.month,
    'obd_second' as source, cast(null as varchar) as _load_id, cast(null as bigint) as _row_no
from {{ ref('fct_obd_sign') }} as s
left join (
    {{ latest_by_key(ref('dim_mobile_vehicle'), ['vehicle_id'], ['valid_from desc']) }}
) as v on s.vehicle_id = v.vehicle_id
