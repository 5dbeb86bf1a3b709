-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- a layer of a profile station is a point of its own: <station>-<height in five digits>
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('air_special_hourly', item_group='air_special', unit='unit_text', flag='device_flag', maturity='maturity',
    point_id="concat(trim(w.station_kind), ':', trim(w.station_code),
            case when w.height_m > 0 then concat('-', lpad(cast(w.height_m as varchar), 5, '0')) else '' end)") }}
