-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity
-- the car is the point; where it was stands in fct_position
{{ config(materialized='view', meta={'lookback_hours': 0}) }}
{{ staged_readings('voc_route_second', prefix='voc_route', item_group='voc_route', point='car_code', unit='unit_text',
    is_interval=false) }}
