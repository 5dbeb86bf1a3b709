-- grain: subject_id × period
-- terminals of one town (or the district) and month: required, installed, online, with signs
with areas as (
    select area_code, area_type, name_zh from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

fleet as (
    select
        a.area_code, a.name_zh, v.month,
        count(case when v.is_registered and v.is_obd_required then 1 end) as required_count,
        count(case when v.is_registered and v.is_obd_required and v.is_installed then 1 end) as required_installed_count,
        count(case when v.is_registered and v.is_installed then 1 end) as installed_count,
        count(case when v.is_registered and v.is_installed and v.is_seen then 1 end) as seen_count,
        count(case when v.is_seen and (not v.is_registered or not v.is_installed) then 1 end) as unknown_vehicle_count
    from {{ ref('fct_obd_vehicle_month') }} as v
    inner join areas as a on a.area_type = 'district' or v.town_code = a.area_code
    group by a.area_code, a.name_zh, v.month
),

signs as (
    select
        a.area_code, s.month, s.sign_kind, count(distinct s.vehicle_id) as vehicle_count
    from {{ ref('fct_obd_sign') }} as s
    inner join {{ ref('fct_obd_vehicle_month') }} as v on s.vehicle_id = v.vehicle_id and s.month = v.month
    inner join areas as a on a.area_type = 'district' or v.town_code = a.area_code
    group by a.area_code, s.month, s.sign_kind
)

select
    'mobile_obd_online_pct' as indicator_code, f.area_code as subject_id, f.name_zh as area_name_zh, 'month' as period_type,
    {{ period_label('f.month', 'month') }} as period,
    f.required_count, f.required_installed_count, f.installed_count, f.seen_count, f.unknown_vehicle_count,
    cast({{ ratio('f.required_installed_count * 100', 'f.required_count', 6) }} as decimal(18, 6)) as installed_pct,
    cast({{ ratio('f.seen_count * 100', 'f.installed_count', 6) }} as decimal(18, 6)) as online_pct,
    coalesce(max(case when s.sign_kind = 'scr_dosing_zero' then s.vehicle_count end), 0) as tamper_vehicle_count,
    coalesce(max(case when s.sign_kind = 'nox_high' then s.vehicle_count end), 0) as nox_high_vehicle_count,
    coalesce(max(case when s.sign_kind = 'vehicle_offline' then s.vehicle_count end), 0) as offline_vehicle_count,
    'illustrative' as status
from fleet as f
left join signs as s on f.area_code = s.area_code and f.month = s.month
group by
    f.area_code, f.name_zh, f.month, f.required_count, f.required_installed_count, f.installed_count, f.seen_count, f.unknown_vehicle_count
