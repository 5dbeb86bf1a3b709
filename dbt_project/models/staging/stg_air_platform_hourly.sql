-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- every maturity is kept; which one counts is decided per purpose, see int_air_hour
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
select
    concat('air:', trim(p.station_code)) as point_id,
    coalesce(i.factor_code, p.item) as factor_code,
    coalesce(i.statistic, 'unknown') as statistic,
    coalesce(i.averaging_minutes, 60) as averaging_minutes,
    p.observed_at,
    coalesce(trim(p.maturity), 'preliminary') as maturity,
    'observed' as value_origin,
    p.value,
    p.value_as_sent,
    cast(null as varchar) as unit_as_sent,
    p.value_qualifier as qualifier,
    p.value_detection_limit as detection_limit,
    trim(p.device_flag) as flag_device,
    p._null_reason as null_reason,
    {{ month_of(add_hours('p.observed_at', '-1')) }} as month,
    'air_platform_hourly' as source,
    p._load_id,
    p._row_no,
    p._col
from {{ source('raw', 'air_platform_hourly') }} as p
left join {{ ref('air_item') }} as i on p.item = i.item
