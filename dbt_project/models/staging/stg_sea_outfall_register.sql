-- grain: outfall_code × valid_from
select
    {{ squeeze('outfall_code') }} as outfall_code, {{ tidy('name_zh') }} as name_zh, trim(outfall_type) as outfall_type, trim(town_code) as town_code,
    longitude, latitude, {{ tidy('operator_name') }} as operator_name, {{ tidy('no_monitor_reason') }} as no_monitor_reason, valid_from, valid_to, _load_id, _row_no
from {{ source('raw', 'sea_outfall_register') }}
