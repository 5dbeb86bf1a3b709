-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at
-- an hour is crawled several times and may stand half-filled in the first crawl: the last crawl that tells it wins
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
with winners as (
    {{ latest_by_key(source('raw', 'air_snapshot_xml'), ['station_code', 'observed_at', 'item'],
        arrival_order(['crawl_at'])) }}
)

select
    concat('air:', trim(w.station_code)) as point_id,
    coalesce(i.factor_code, w.item) as factor_code,
    coalesce(i.statistic, 'unknown') as statistic,
    coalesce(i.averaging_minutes, 60) as averaging_minutes,
    w.observed_at,
    'preliminary' as maturity,
    'observed' as value_origin,
    w.value,
    w.value_as_sent,
    cast(null as varchar) as unit_as_sent,
    cast(null as varchar) as qualifier,
    cast(null as decimal(18, 6)) as detection_limit,
    cast(null as varchar) as flag_device,
    w._null_reason as null_reason,
    {{ month_of(add_hours('w.observed_at', '-1')) }} as month,
    'air_snapshot_xml' as source,
    w._load_id,
    w._row_no,
    w._col
from winners as w
left join {{ ref('air_item') }} as i on w.item = i.item
