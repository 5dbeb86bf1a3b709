-- grain: warning_id
-- nights in a row above the limit at one station; the seed says how many make a warning. A night that is not evaluated
-- ends the run.
{{ config(meta={'evidence': [
    {'parent': 'fct_noise_period', 'label_zh': '夜间等效声级', 'on': {'point_id': 'subject_id', 'period_kind': "'night'",
        'started_at >=': 'started_at', 'ended_at <=': 'ended_at'}}]}) }}
with nights as (
    select
        point_id, noise_date, town_code, station_name, zone_code, started_at, ended_at, leq_rounded_db, limit_db, clause_id, status,
        {{ add_days('noise_date', 'cast(-row_number() over (partition by point_id order by noise_date) as int)') }} as run_key
    from {{ ref('fct_noise_period') }}
    where period_kind = 'night' and not is_compliant
),

runs as (
    select
        point_id, run_key, count(*) as night_count, min(started_at) as started_at, max(ended_at) as ended_at,
        max(noise_date) as last_date, max(leq_rounded_db) as leq_rounded_db, min(limit_db) as limit_db, max(town_code) as town_code,
        max(station_name) as station_name, max(zone_code) as zone_code, max(clause_id) as clause_id, {{ worst_status('status') }} as status
    from nights
    group by point_id, run_key
)

select
    concat('noise_night_run:', r.point_id, ':', cast(cast(r.started_at as date) as varchar)) as warning_id,
    'noise_night_run' as warning_kind,
    'point' as subject_type,
    r.point_id as subject_id,
    r.town_code,
    'Ln' as factor_code,
    r.started_at,
    r.ended_at,
    cast(r.leq_rounded_db as decimal(18, 6)) as value,
    cast(r.limit_db as decimal(18, 6)) as threshold_value,
    1 as level_no,
    concat(coalesce(r.station_name, r.point_id), ' 连续 ', cast(r.night_count as varchar), ' 夜超标，最高 ',
        {{ plain('cast(r.leq_rounded_db as decimal(18, 6))') }}, ' dB(A)，限值 ', {{ plain('cast(r.limit_db as decimal(18, 6))') }}, ' dB(A)') as message_zh,
    r.clause_id,
    {{ worst_status_of(['r.status', 'w.status']) }} as status,
    {{ month_of(add_minutes('r.ended_at', '-1')) }} as month,
    'fct_noise_period' as source,
    cast(null as varchar) as _load_id,
    cast(null as bigint) as _row_no
from runs as r
inner join {{ ref('noise_warning_rule') }} as w
    on w.rule = 'night_run_nights' and {{ in_force('r.last_date', 'w.') }} and r.night_count >= w.value
