-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('park_river_hourly', prefix='park_river', item_group='park_river', flag='device_flag', maturity='maturity') }}
