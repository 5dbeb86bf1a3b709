-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- flow keeps its sign: water that runs back through the gate is negative
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('bay_river_hourly', prefix='river_mouth', item_group='bay_river', point='station_code', flag='device_flag', maturity='maturity') }}
