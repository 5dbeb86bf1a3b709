-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- the export stamps an hour by its start
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('air_township_csv', prefix='air', item_group='air_township', point='station_code', time='started_at',
    flag='device_flag', maturity='maturity', is_start=true) }}
