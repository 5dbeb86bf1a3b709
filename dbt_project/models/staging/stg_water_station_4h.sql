-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('water_station_4h', prefix='water', item_group='water_station', point='station_code', flag='device_flag', maturity='maturity',
    is_interval=false) }}
