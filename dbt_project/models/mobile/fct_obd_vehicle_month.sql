-- grain: vehicle_id × month
-- vehicles of the register that should have a terminal or have one, at the end of each month with data
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'dim_mobile_vehicle', 'label_zh': '名录', 'on': {'vehicle_id': 'vehicle_id'}},
    {'parent': 'int_obd_minute', 'label_zh': '分钟值', 'on': {'vehicle_id': 'vehicle_id', 'month': 'month'}}]}) }}
with months as (
    select distinct month, {{ add_days(period_end('month', 'month'), -1) }} as last_date from {{ ref('int_obd_minute') }}
),

seen as (
    select
        vehicle_id, month, cast(sum(second_count) as bigint) as second_count, count(distinct date_day) as day_count,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_obd_minute') }}
    group by vehicle_id, month
),

registered as (
    select
        v.vehicle_id, m.month, v.town_code, v.vehicle_class, v.is_obd_required, v.emission_stage,
        coalesce(v.obd_installed_date <= m.last_date, false) as is_installed
    from {{ ref('dim_mobile_vehicle') }} as v
    inner join months as m on {{ in_force('m.last_date', 'v.') }} and v.registered_date <= m.last_date
    where v.vehicle_id is not null and (v.is_obd_required or v.obd_installed_date is not null)
)

select
    coalesce(r.vehicle_id, s.vehicle_id) as vehicle_id, coalesce(r.month, s.month) as month, r.town_code, r.vehicle_class,
    r.emission_stage,
    r.vehicle_id is not null as is_registered,
    coalesce(r.is_obd_required, false) as is_obd_required,
    coalesce(r.is_installed, false) as is_installed,
    s.vehicle_id is not null as is_seen,
    coalesce(s.second_count, 0) as second_count,
    coalesce(s.day_count, 0) as day_count,
    s.last_seen_at
from registered as r
full outer join seen as s on r.vehicle_id = s.vehicle_id and r.month = s.month
