-- grain: park_code
-- a park as its latest register tells it
{{ latest_by_key(ref('stg_park_register'), ['park_code'], ['period desc', '_row_no desc', '_load_id desc'],
    ['park_code', 'name_zh', 'town_code', 'area_ha', 'period', '_load_id', '_row_no']) }}
