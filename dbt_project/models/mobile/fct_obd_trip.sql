-- grain: vehicle_id × started_at
-- a trip ends where minutes are missing for longer than the seeded gap, and at midnight
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'int_obd_minute', 'label_zh': '分钟值', 'on': {'vehicle_id': 'vehicle_id', 'date_day': 'date_day'}}]}) }}
with rules as (
    {{ rule_days('mobile_rule', ['trip_gap_minutes', 'nox_limit_mg_kwh']) }}
),

-- a minute may lie in two grid cells
minutes as (
    select
        vehicle_id, date_day, month, minute_at, min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at,
        {% for c in ['second_count', 'hot_second_count', 'dosing_told_count', 'dosing_zero_count', 'hot_nox_count', 'downstream_sum_ppm',
            'paired_nox_count', 'upstream_paired_sum_ppm', 'downstream_paired_sum_ppm', 'weighed_second_count', 'nox_g', 'distance_km'] -%}
        sum({{ c }}) as {{ c }},
        {% endfor -%}
        {{ worst_status('status') }} as status
    from {{ ref('int_obd_minute') }}
    group by vehicle_id, date_day, month, minute_at
),

marked as (
    select
        m.*, r.nox_limit_mg_kwh, r.rule_status,
        case
            when {{ seconds_between('lag(m.minute_at) over (partition by m.vehicle_id, m.date_day order by m.minute_at)', 'm.minute_at') }}
                <= 60 * r.trip_gap_minutes then 0
            else 1
        end as is_start
    from minutes as m
    inner join rules as r on m.date_day = r.rule_day
),

numbered as (
    select
        marked.*,
        sum(is_start) over (partition by vehicle_id, date_day order by minute_at rows between unbounded preceding and current row)
            as trip_no
    from marked
),

summed as (
    select
        vehicle_id, date_day, month, cast(trip_no as int) as trip_no,
        min(first_seen_at) as started_at, max(last_seen_at) as ended_at,
        {% for c in ['second_count', 'hot_second_count', 'dosing_told_count', 'dosing_zero_count', 'hot_nox_count', 'paired_nox_count',
            'weighed_second_count'] -%}
        cast(sum({{ c }}) as bigint) as {{ c }},
        {% endfor -%}
        sum(downstream_sum_ppm) as downstream_sum_ppm,
        sum(upstream_paired_sum_ppm) as upstream_paired_sum_ppm,
        sum(downstream_paired_sum_ppm) as downstream_paired_sum_ppm,
        sum(nox_g) as nox_g,
        sum(distance_km) as distance_km,
        max(nox_limit_mg_kwh) as nox_limit_mg_kwh,
        {{ worst_status("case when rule_status = 'illustrative' then rule_status else status end") }} as status
    from numbered
    group by vehicle_id, date_day, month, trip_no
)

select
    vehicle_id, started_at, ended_at, date_day, month, trip_no, second_count, hot_second_count, dosing_told_count, dosing_zero_count,
    cast({{ ratio('dosing_zero_count * 100', 'dosing_told_count', 6) }} as decimal(18, 6)) as dosing_zero_pct,
    hot_nox_count,
    cast({{ ratio('downstream_sum_ppm', 'hot_nox_count', 6) }} as decimal(18, 6)) as downstream_mean_ppm,
    paired_nox_count,
    cast(100 - {{ ratio('downstream_paired_sum_ppm * 100', 'upstream_paired_sum_ppm', 6) }} as decimal(18, 6)) as conversion_pct,
    weighed_second_count,
    cast(nox_g as decimal(18, 6)) as nox_g,
    cast(distance_km as decimal(18, 6)) as distance_km,
    cast({{ ratio('nox_g', 'distance_km', 6) }} as decimal(18, 6)) as nox_g_km,
    case when nox_limit_mg_kwh is null then '未评价（缺标准）' else '未评价（缺单位功排放量的口径）' end as limit_judgement_zh,
    status
from summed
