-- grain: run_code × site_code
with latest as (
    {{ latest_by_key(source('raw', 'voc_route_followup'), ['trim(run_code)', 'trim(site_code)'], ['checked_date desc'] + arrival_order()) }}
)

select
    trim(run_code) as run_code, trim(site_code) as site_code, checked_date, trim(result) as followup_result,
    {{ tidy('measure') }} as measure_zh, _load_id, _row_no
from latest
