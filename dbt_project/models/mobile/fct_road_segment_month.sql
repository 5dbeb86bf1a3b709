-- grain: grid_x × grid_y × month
-- cells with fewer vehicles than the seeded number show no figures: they would tell of single vehicles
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'int_obd_minute', 'label_zh': '分钟值', 'on': {'grid_x': 'grid_x', 'grid_y': 'grid_y', 'month': 'month'}}]}) }}
with rules as (
    {{ rule_days('mobile_rule', ['segment_min_vehicles', 'segment_min_seconds', 'segment_dirty_g_km', 'grid_cells_per_deg']) }}
),

cells as (
    select
        grid_x, grid_y, month, count(distinct vehicle_id) as vehicle_count,
        cast(sum(weighed_second_count) as bigint) as weighed_second_count, sum(nox_g) as nox_g, sum(distance_km) as distance_km,
        max(date_day) as last_date
    from {{ ref('int_obd_minute') }}
    where grid_x is not null
    group by grid_x, grid_y, month
),

judged as (
    select
        c.*, r.segment_dirty_g_km, r.grid_cells_per_deg, r.rule_status,
        case
            when c.vehicle_count < r.segment_min_vehicles then '车辆不足，不列数值'
            when c.weighed_second_count < r.segment_min_seconds then '有效秒数不足'
            when c.distance_km = 0 then '车辆未行驶'
        end as reason_zh
    from cells as c
    inner join rules as r on c.last_date = r.rule_day
)

select
    grid_x, grid_y, month,
    cast({{ ratio('grid_x', 'grid_cells_per_deg', 6) }} as decimal(18, 6)) as longitude,
    cast({{ ratio('grid_y', 'grid_cells_per_deg', 6) }} as decimal(18, 6)) as latitude,
    case when reason_zh is null then vehicle_count end as vehicle_count,
    case when reason_zh is null then weighed_second_count end as weighed_second_count,
    case when reason_zh is null then cast(nox_g as decimal(18, 6)) end as nox_g,
    case when reason_zh is null then cast(distance_km as decimal(18, 6)) end as distance_km,
    case when reason_zh is null then cast({{ ratio('nox_g', 'distance_km', 6) }} as decimal(18, 6)) end as nox_g_km,
    case when reason_zh is null then {{ ratio('nox_g', 'distance_km', 6) }} > segment_dirty_g_km end as is_dirty,
    reason_zh,
    rule_status as status
from judged
