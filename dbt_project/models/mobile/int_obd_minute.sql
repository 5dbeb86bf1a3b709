-- grain: vehicle_id × minute_at × grid_x × grid_y
-- the one pass over seconds: everything later reads minutes. Sums are of decimals, so their order changes nothing. Not released:
-- minutes and cells together are the trace of a vehicle.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'stg_obd_second', 'label_zh': '逐秒数据（暂存层）', 'on': {'_load_id': '_load_id', 'vehicle_id': 'vehicle_id',
        'observed_at >=': 'minute_at', 'observed_at <': "minute_at + interval '1' minute"}}]}) }}
with rules as (
    {{ rule_days('mobile_rule', ['load_min_pct', 'scr_inlet_min_deg_c', 'nox_density_factor', 'fuel_density_kg_l', 'grid_cells_per_deg']) }}
),

seconds as (
    select
        s.vehicle_id, s.date_day, s.month, s._load_id, s.observed_at,
        cast(date_trunc('minute', s.observed_at) as timestamp) as minute_at,
        cast(floor(s.longitude * r.grid_cells_per_deg) as int) as grid_x,
        cast(floor(s.latitude * r.grid_cells_per_deg) as int) as grid_y,
        s.speed_km_h, s.scr_upstream_nox_ppm, s.scr_downstream_nox_ppm, s.urea_dosing_ml_h,
        coalesce(s.net_torque_pct >= r.load_min_pct and s.scr_inlet_deg_c >= r.scr_inlet_min_deg_c, false) as is_hot,
        s.scr_downstream_nox_ppm >= 0 and s.air_intake_kg_h is not null and s.fuel_flow_l_h is not null as is_weighed,
        s.air_intake_kg_h + cast({{ mul('s.fuel_flow_l_h', 'r.fuel_density_kg_l', 6) }} as decimal(18, 6)) as exhaust_kg_h,
        r.nox_density_factor, r.rule_status
    from {{ ref('stg_obd_second') }} as s
    inner join rules as r on s.date_day = r.rule_day
    where s.vehicle_id is not null
),

summed as (
    select
        vehicle_id, minute_at, grid_x, grid_y, date_day, month, _load_id,
        count(*) as second_count,
        count(case when is_hot then 1 end) as hot_second_count,
        count(case when is_hot and urea_dosing_ml_h is not null then 1 end) as dosing_told_count,
        count(case when is_hot and urea_dosing_ml_h = 0 then 1 end) as dosing_zero_count,
        count(case when is_hot and scr_downstream_nox_ppm >= 0 then 1 end) as hot_nox_count,
        sum(case when is_hot and scr_downstream_nox_ppm >= 0 then scr_downstream_nox_ppm end) as downstream_sum_ppm,
        count(case when is_hot and scr_downstream_nox_ppm >= 0 and scr_upstream_nox_ppm > 0 then 1 end) as paired_nox_count,
        sum(case when is_hot and scr_downstream_nox_ppm >= 0 and scr_upstream_nox_ppm > 0 then scr_upstream_nox_ppm end)
            as upstream_paired_sum_ppm,
        sum(case when is_hot and scr_downstream_nox_ppm >= 0 and scr_upstream_nox_ppm > 0 then scr_downstream_nox_ppm end)
            as downstream_paired_sum_ppm,
        count(case when is_weighed then 1 end) as weighed_second_count,
        sum(case when is_weighed then {{ mul('scr_downstream_nox_ppm', 'exhaust_kg_h', 12) }} end) as nox_flow_sum,
        -- distance only of the seconds whose NOx is known: grams and kilometres are of the same seconds
        sum(case when is_weighed then speed_km_h end) as speed_sum_km_h,
        min(observed_at) as first_seen_at,
        max(observed_at) as last_seen_at,
        max(nox_density_factor) as nox_density_factor,
        max(rule_status) as status
    from seconds
    group by vehicle_id, minute_at, grid_x, grid_y, date_day, month, _load_id
)

select
    vehicle_id, minute_at, grid_x, grid_y, date_day, month, first_seen_at, last_seen_at,
    second_count, hot_second_count, dosing_told_count, dosing_zero_count, hot_nox_count,
    cast(downstream_sum_ppm as decimal(18, 6)) as downstream_sum_ppm,
    paired_nox_count,
    cast(upstream_paired_sum_ppm as decimal(18, 6)) as upstream_paired_sum_ppm,
    cast(downstream_paired_sum_ppm as decimal(18, 6)) as downstream_paired_sum_ppm,
    weighed_second_count,
    cast({{ ratio(mul('cast(nox_flow_sum as decimal(38, 6))', 'nox_density_factor', 12), '3600', 6, 12) }} as decimal(18, 6)) as nox_g,
    cast({{ ratio('speed_sum_km_h', '3600', 6) }} as decimal(18, 6)) as distance_km,
    status,
    _load_id
from summed
