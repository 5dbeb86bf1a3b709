-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('park_outlet_hourly', prefix='park_outlet', item_group='park_outlet', flag='device_flag', maturity='maturity') }}
