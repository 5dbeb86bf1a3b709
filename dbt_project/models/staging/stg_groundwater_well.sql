-- grain: point_id × valid_from
{{ config(materialized='view') }}
select
    concat('groundwater:', trim(w.well_code)) as point_id,
    trim(w.well_code) as point_code,
    a.aquifer_code,
    w.depth_m,
    w.screen_top_m,
    w.screen_bottom_m,
    w.ground_elevation_m,
    w.valid_from,
    w.valid_to,
    w._load_id,
    w._row_no
from {{ source('raw', 'groundwater_well') }} as w
left join {{ ref('groundwater_aquifer') }} as a on trim(w.aquifer) = a.name_zh
