-- grain: vehicle_id × sign_kind × started_at
-- signs for a look at the vehicle, no verdicts: dosing zero under load, NOx high under load, silent for long
{{ config(meta={'evidence': [
    {'parent': 'fct_obd_trip', 'label_zh': '行程', 'on': {'vehicle_id': 'vehicle_id', 'started_at': 'started_at'},
        'when': "sign_kind in ('scr_dosing_zero', 'nox_high')"},
    {'parent': 'fct_obd_trip', 'label_zh': '末次行程', 'on': {'vehicle_id': 'vehicle_id', 'ended_at': 'last_seen_at'},
        'when': "sign_kind = 'vehicle_offline'"}]}) }}
with rules as (
    {{ rule_days('mobile_rule', ['tamper_min_seconds', 'tamper_zero_share_pct', 'nox_high_ppm', 'nox_min_seconds', 'offline_days']) }}
),

trips as (
    select t.*, r.tamper_min_seconds, r.tamper_zero_share_pct, r.nox_high_ppm, r.nox_min_seconds
    from {{ ref('fct_obd_trip') }} as t
    inner join rules as r on t.date_day = r.rule_day
),

-- the platform's own last second, not the moment of the build: a platform that is down makes no vehicle offline
platform as (
    select max(last_seen_at) as newest_at from {{ ref('int_obd_minute') }}
),

seen as (
    select vehicle_id, max(last_seen_at) as last_seen_at from {{ ref('int_obd_minute') }} group by vehicle_id
),

installed as (
    select v.vehicle_id, v.obd_installed_date, p.newest_at, r.offline_days
    from {{ ref('dim_mobile_vehicle') }} as v
    cross join platform as p
    inner join rules as r on {{ date_of('p.newest_at') }} = r.rule_day
    where v.vehicle_id is not null and v.obd_installed_date <= {{ date_of('p.newest_at') }}
        and {{ in_force(date_of('p.newest_at'), 'v.') }}
),

silent as (
    select
        i.vehicle_id, i.offline_days, i.newest_at, s.last_seen_at,
        coalesce(s.last_seen_at, cast(i.obd_installed_date as timestamp)) as silent_since_at
    from installed as i
    left join seen as s on i.vehicle_id = s.vehicle_id
)

select
    vehicle_id, 'scr_dosing_zero' as sign_kind, started_at, ended_at, cast(null as timestamp) as last_seen_at, month,
    dosing_zero_pct as value, cast(tamper_zero_share_pct as decimal(18, 6)) as threshold_value, 'pct' as unit,
    concat('带负荷且达到喷射温度的 ', cast(dosing_told_count as varchar), ' 秒中 ', cast(dosing_zero_count as varchar), ' 秒尿素喷射为零')
        as message_zh,
    'illustrative' as status
from trips
where dosing_told_count >= tamper_min_seconds and dosing_zero_pct >= tamper_zero_share_pct
union all
select
    vehicle_id, 'nox_high', started_at, ended_at, cast(null as timestamp), month,
    downstream_mean_ppm, cast(nox_high_ppm as decimal(18, 6)), 'ppm',
    concat('带负荷且达到喷射温度时下游 NOx 均值高，秒数 ', cast(hot_nox_count as varchar)),
    'illustrative'
from trips
where hot_nox_count >= nox_min_seconds and downstream_mean_ppm > nox_high_ppm
union all
select
    vehicle_id, 'vehicle_offline', silent_since_at, newest_at, last_seen_at, {{ month_of('newest_at') }},
    cast({{ ratio(seconds_between('silent_since_at', 'newest_at'), '24 * 3600', 6) }} as decimal(18, 6)),
    cast(offline_days as decimal(18, 6)), 'days',
    case when last_seen_at is null then '安装后从未上线' else '长时间未上线' end,
    'illustrative'
from silent
where {{ seconds_between('silent_since_at', 'newest_at') }} > offline_days * 24 * 3600
