-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('rural_water_lab', prefix='rural_water', item_group='rural_lab', point='site_code', item='factor_name', unit='unit_text',
    time='sampled_at', default_maturity='reviewed', is_interval=false) }}
