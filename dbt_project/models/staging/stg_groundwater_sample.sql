-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('groundwater_sample', prefix='groundwater', point='well_code', item_group='groundwater', unit='unit_text',
    time='sampled_at', maturity='maturity', default_maturity='reviewed', is_interval=false) }}
