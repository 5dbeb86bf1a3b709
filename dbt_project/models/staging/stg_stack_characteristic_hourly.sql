-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('stack_characteristic_hourly', prefix='outlet', item_group='stack_characteristic', point='outlet_no', flag='device_flag', maturity='maturity') }}
