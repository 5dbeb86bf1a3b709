-- grain: equipment_code × changed_at
{{ config(materialized='view') }}
select
    {{ squeeze('equipment_code') }} as equipment_code,
    {{ tidy('equipment_kind') }} as equipment_kind,
    changed_at,
    {{ tidy('state') }} as equipment_state,
    _load_id,
    _row_no
from {{ source('raw', 'dust_equipment_event') }}
