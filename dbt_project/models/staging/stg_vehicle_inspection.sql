-- grain: report_no
{{ config(materialized='view') }}
select
    {{ squeeze('l.report_no') }} as report_no,
    {{ squeeze('l.station_code') }} as station_code,
    {{ squeeze('l.line_code') }} as line_code,
    {{ keyed_hash(squeeze('l.plate')) }} as plate_hash,
    {{ tidy('l.test_method') }} as test_method,
    l.started_at, l.ended_at, l.smoke_k_m, l.nox_ppm, l.power_kw,
    a.result,
    l._load_id,
    l._row_no
from {{ source('raw', 'vehicle_inspection') }} as l
left join {{ ref('mobile_result_alias') }} as a on {{ squeeze('l.result') }} = a.alias
