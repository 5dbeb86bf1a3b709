-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- of several workbooks that tell a sample the last one
{{ config(meta={'lookback_hours': 0}) }}
{{ staged_readings('coastal_water_cruise', prefix='coastal_water', item_group='coastal', point='site_code', unit='unit_text', time='sampled_at',
    maturity='maturity', arrivals=true, is_interval=false) }}
