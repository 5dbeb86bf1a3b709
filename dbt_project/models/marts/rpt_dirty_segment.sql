-- grain: grid_x × grid_y × period
-- grid cells by NOx per kilometre; rank 1 is the worst of the month
select
    concat(cast(grid_x as varchar), '/', cast(grid_y as varchar)) as subject_id, grid_x, grid_y, {{ period_label('month', 'month') }} as period,
    longitude, latitude, vehicle_count, weighed_second_count, distance_km, nox_g, nox_g_km, is_dirty,
    case when nox_g_km is not null
        then cast(rank() over (partition by month, nox_g_km is null order by nox_g_km desc) as int) end as rank_no,
    reason_zh, status
from {{ ref('fct_road_segment_month') }}
