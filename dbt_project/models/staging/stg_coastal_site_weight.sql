-- grain: sea_area × site_code × period
-- of several workbooks that tell a site and year the last one
with read as (
    select
        {{ tidy('r.sea_area') }} as sea_area, {{ squeeze('r.site_code') }} as site_code, r.weight_share, r.area_km2, {{ squeeze('r.period') }} as period,
        r._part, r._seq, r._load_id, r._row_no
    from {{ source('raw', 'coastal_site_weight') }} as r
)

{{ latest_by_key('read', ['sea_area', 'site_code', 'period'], snapshot_order(),
    ['sea_area', 'site_code', 'weight_share', 'area_km2', 'period', '_load_id', '_row_no']) }}
