-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at
-- the bulletin names the END of an hour; its hour 0 is midnight of the printed date and so belongs to the day before
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
with sent as (
    select
        *,
        {{ add_hours('bulletin_date', 'hour') }} as observed_at
    from {{ source('raw', 'air_bulletin_hourly') }}
)

select
    concat('air:', trim(s.station_code)) as point_id,
    coalesce(i.factor_code, s.item_type) as factor_code,
    coalesce(i.statistic, 'unknown') as statistic,
    coalesce(i.averaging_minutes, 60) as averaging_minutes,
    s.observed_at,
    'preliminary' as maturity,
    'observed' as value_origin,
    s.value,
    s.value_as_sent,
    cast(null as varchar) as unit_as_sent,
    cast(null as varchar) as qualifier,
    cast(null as decimal(18, 6)) as detection_limit,
    cast(null as varchar) as flag_device,
    s._null_reason as null_reason,
    {{ month_of(add_hours('s.observed_at', '-1')) }} as month,
    'air_bulletin_hourly' as source,
    s._load_id,
    s._row_no,
    s._col
from sent as s
left join {{ ref('air_item') }} as i on s.item_type = i.item
