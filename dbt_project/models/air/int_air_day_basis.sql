-- grain: subject_type × subject_id × air_date × basis
-- `default` takes each day under the rule in force on it; the other bases recompute every day under one rule
{{ config(materialized='view', meta={'publish': false}) }}
select
    'default' as basis, subject_type, subject_id, air_date, regime, maturity, so2_ug_m3, no2_ug_m3, co_mg_m3,
    pm10_ug_m3, pm25_ug_m3, o3_max_8h_ug_m3, aqi, is_valid, is_good, status
from {{ ref('fct_air_day') }}
where is_in_force
union all
select
    regime as basis, subject_type, subject_id, air_date, regime, maturity, so2_ug_m3, no2_ug_m3, co_mg_m3,
    pm10_ug_m3, pm25_ug_m3, o3_max_8h_ug_m3, aqi, is_valid, is_good, status
from {{ ref('fct_air_day') }}
