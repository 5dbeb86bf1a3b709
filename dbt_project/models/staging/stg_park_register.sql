-- grain: park_code × period
-- of several files that tell a park and year, the last one
with read as (
    select
        {{ squeeze('r.park_code') }} as park_code, {{ tidy('r.name_zh') }} as name_zh,
        coalesce(town.area_code, bare.area_code) as town_code, r.area_ha, {{ squeeze('r.period') }} as period,
        r._part, r._seq, r._load_id, r._row_no
    from {{ source('raw', 'park_register') }} as r
    {{ join_town('r.town_name') }}
)

{{ latest_by_key('read', ['park_code', 'period'], snapshot_order(),
    ['park_code', 'name_zh', 'town_code', 'area_ha', 'period', '_load_id', '_row_no']) }}
