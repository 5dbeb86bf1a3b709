-- grain: stock_no
{{ config(meta={'publish': true}) }}
with latest as (
    {{ latest_by_key(source('raw', 'emergency_stock'), [squeeze('stock_no')], snapshot_order()) }}
)

select
    {{ squeeze('stock_no') }} as stock_no, {{ squeeze('team_no') }} as team_no, {{ tidy('item_zh') }} as item_zh, quantity,
    {{ tidy('quantity_unit_zh') }} as quantity_unit_zh, required_quantity, checked_date, expiry_date, _load_id, _row_no
from latest
