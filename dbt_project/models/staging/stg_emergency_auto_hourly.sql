-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('emergency_auto_hourly', prefix='emergency', item_group='emergency_auto', unit='unit_text', flag='device_flag') }}
