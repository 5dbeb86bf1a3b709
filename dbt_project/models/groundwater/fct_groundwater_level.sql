-- grain: point_id × observed_at
-- water level = ground elevation of the well as it stood that day - depth to water
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '水位埋深', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at', 'factor_code': "'gw_depth'"}},
    {'parent': 'dim_groundwater_well', 'label_zh': '井名录', 'on': {'point_id': 'point_id'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "substr(point_id, 1, 12) = 'groundwater:' and statistic = 'instant' and factor_code = 'gw_depth'") }}
)

select
    e.point_id, e.observed_at, e.month, {{ period_start('e.observed_at', 'quarter') }} as period_start_date, w.aquifer_code, w.depth_m,
    w.valid_from as well_valid_from, e.maturity, e.effective_value as depth_to_water_m, w.ground_elevation_m,
    cast(w.ground_elevation_m - e.effective_value as decimal(18, 6)) as water_level_m,
    case
        when w.point_id is null then '井名录中无当日的井'
        when w.ground_elevation_m is null then '井名录缺地面高程'
        when e.effective_value is null then '水位埋深无有效值'
        when e.effective_value > w.depth_m then '埋深大于井深，请核对'
    end as reason_zh
from effective as e
left join {{ ref('dim_groundwater_well') }} as w
    on e.point_id = w.point_id and {{ in_force(date_of('e.observed_at'), 'w.') }}
