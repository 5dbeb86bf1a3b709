-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('sea_outfall_manual', prefix='sea_outfall', item_group='sea_outfall', point='outfall_code', unit='unit_text', time='sampled_at',
    maturity='maturity', is_interval=false) }}
