-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('air_odor_5min', prefix='air_odor', item_group='air_odor', point='station_code', unit='unit_text') }}
