-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='table', meta={'lookback_hours': 0}) }}
{{ staged_readings('soil_sample', prefix='soil', item_group='soil', unit='unit_text', time='sampled_at',
    maturity='maturity', default_maturity='reviewed', arrivals=true, changed_at=['reported_at'], is_interval=false) }}
