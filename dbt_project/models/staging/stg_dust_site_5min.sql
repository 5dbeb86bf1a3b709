-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('dust_site_5min', prefix='dust', item_group='dust_site', flag='device_flag') }}
