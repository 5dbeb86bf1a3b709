-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- a day's product is told by its day: its interval ends with the next midnight
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('satellite_product', prefix='satellite', item_group='satellite_product', point='grid_code', item='product',
    time='product_date', is_start=true) }}
