-- grain: plan_no × risk_no
{{ config(meta={'publish': true}) }}
with latest as (
    {{ latest_by_key(source('raw', 'emergency_plan'), [squeeze('plan_no'), squeeze('risk_no')], snapshot_order()) }}
)

select
    {{ squeeze('plan_no') }} as plan_no, {{ squeeze('risk_no') }} as risk_no, {{ tidy('title_zh') }} as title_zh,
    {{ squeeze('point_code') }} as point_code, {{ squeeze('team_no') }} as team_no, filed_date, valid_to, _load_id, _row_no
from latest
