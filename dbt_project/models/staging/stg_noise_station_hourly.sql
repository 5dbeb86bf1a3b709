-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('noise_station_hourly', prefix='noise', point='station_code', item_group='noise_station',
    flag='device_flag', maturity='maturity') }}
