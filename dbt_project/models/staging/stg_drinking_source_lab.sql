-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('drinking_source_lab', prefix='drinking_source', item_group='drinking_lab', point='source_code', item='factor_name',
    unit='unit_text', time='sampled_at', maturity='maturity', is_interval=false) }}
