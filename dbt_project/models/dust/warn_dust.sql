-- grain: warning_id
-- peaks over the background, and cameras offline beyond the limit
with told as (
    select
        'dust_peak' as warning_kind, 'point' as subject_type, d.point_id as subject_id, s.town_code, d.factor_code, d.peak_at as started_at,
        d.peak_at as ended_at, d.peak_excess_ug_m3 as value, d.threshold_value,
        concat('工地', coalesce(s.name_zh, d.point_id), ' ', d.factor_code, ' 高出对照点，应核查抑尘措施') as message_zh,
        d.status, d.month, 'dust_site_5min' as source, r._load_id, r._row_no
    from {{ ref('fct_dust_day') }} as d
    left join {{ ref('dim_dust_site') }} as s on d.point_id = s.point_id
    left join {{ ref('fct_reading') }} as r
        on d.point_id = r.point_id and d.factor_code = r.factor_code and d.peak_at = r.observed_at and d.maturity = r.maturity
        and r.source = 'dust_site_5min'
    where d.is_peak
    union all
    select
        'camera_offline', 'equipment', o.equipment_code, o.town_code, cast(null as varchar), o.started_at, o.ended_at, o.offline_hours,
        o.limit_hours, '工地视频离线超过时限', o.status, o.month, 'dust_equipment_event', o._load_id, o._row_no
    from {{ ref('fct_camera_outage') }} as o
    where o.is_over_limit
)

select
    concat(warning_kind, '/', subject_id, '/', coalesce(factor_code, ''), '/', cast(started_at as varchar)) as warning_id,
    warning_kind, subject_type, subject_id, town_code, factor_code, started_at, ended_at,
    cast(value as decimal(18, 6)) as value, cast(threshold_value as decimal(18, 6)) as threshold_value, 2 as level_no, message_zh,
    cast(null as varchar) as clause_id, status, month, source, _load_id, _row_no
from told
