-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- No multiplier: the platform sends canonical units, and exact products of a year's readings would cost minutes.
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
with named as (
    select
        concat('air:', trim(w.station_code)) as point_id,
        coalesce(i.factor_code, trim(w.item)) as factor_code,
        coalesce(i.statistic, 'unknown') as statistic,
        coalesce(i.averaging_minutes, 0) as averaging_minutes,
        w.observed_at,
        coalesce(trim(w.maturity), 'preliminary') as maturity,
        case when i.factor_code is not null then w.value end as value,
        w.value_as_sent, w.value_qualifier, w.value_detection_limit,
        trim(w.device_flag) as flag_device,
        {{ item_null_reason('w.value', 'w.value_qualifier') }} as null_reason,
        w._load_id, w._row_no, w._col
    from {{ source('raw', 'air_station_5min') }} as w
    left join {{ ref('reading_item') }} as i
        on i.item_group = 'air_station_5min' and trim(w.item) = i.item
)

{{ reading_select('named', 'air_station_5min', flag_device='flag_device', null_reason='null_reason', is_interval=true) }}
