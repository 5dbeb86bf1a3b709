-- grain: record_no
-- a review is sent as the same record with a later upload; a file sent again changes nothing
with latest as (
    {{ latest_by_key(source('raw', 'remote_sensing'), ['record_no'], arrival_order(['uploaded_at'])) }}
)

select
    {{ squeeze('l.record_no') }} as record_no,
    {{ squeeze('l.station_code') }} as station_code,
    l.passed_at,
    {{ keyed_hash(squeeze('l.plate')) }} as plate_hash,
    {{ tidy('l.fuel') }} as fuel,
    l.speed_km_h, l.specific_power_kw_t, l.no_ppm, l.opacity_pct,
    a.result,
    l.uploaded_at,
    l._load_id,
    l._row_no
from latest as l
left join {{ ref('mobile_result_alias') }} as a on {{ squeeze('l.result') }} = a.alias
