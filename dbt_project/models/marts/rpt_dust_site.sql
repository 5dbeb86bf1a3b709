-- grain: subject_id × period
-- construction sites of a month, ranked by peak days, then by the mean excess of TSP over the background
with months as (
    select distinct month from {{ ref('fct_dust_day') }}
    union distinct
    select distinct month from {{ ref('fct_camera_day') }}
),

dust as (
    select
        point_id, month,
        count(distinct date_day) as day_count,
        count(case when is_peak then 1 end) as peak_count,
        count(case when is_peak is null then 1 end) as unjudged_count,
        max(peak_excess_ug_m3) as max_peak_excess_ug_m3,
        cast({{ mean("case when factor_code = 'TSP' then mean_excess_ug_m3 end", 6) }} as decimal(18, 6)) as tsp_mean_excess_ug_m3,
        cast({{ mean("case when factor_code = 'PM10' then mean_excess_ug_m3 end", 6) }} as decimal(18, 6)) as pm10_mean_excess_ug_m3
    from {{ ref('fct_dust_day') }}
    where maturity = 'preliminary'
    group by point_id, month
),

spray as (
    select
        dust_site_code, month, count(*) as spray_count, count(case when is_effective then 1 end) as effective_spray_count,
        count(case when is_effective is null then 1 end) as unjudged_spray_count,
        cast({{ mean('drop_pct', 6) }} as decimal(18, 6)) as mean_drop_pct
    from {{ ref('fct_spray_response') }}
    where maturity = 'preliminary' and factor_code = 'TSP'
    group by dust_site_code, month
),

camera as (
    select
        dust_site_code, month, sum(due_seconds) as due_seconds, sum(online_seconds) as online_seconds
    from {{ ref('fct_camera_day') }}
    group by dust_site_code, month
),

outage as (
    select dust_site_code, month, count(*) as outage_over_limit_count
    from {{ ref('fct_camera_outage') }}
    where is_over_limit
    group by dust_site_code, month
),

joined as (
    select
        s.dust_site_code, s.name_zh, s.town_code, s.town_name_zh, s.construction_stage, m.month, d.day_count, d.peak_count,
        d.unjudged_count, d.max_peak_excess_ug_m3, d.tsp_mean_excess_ug_m3, d.pm10_mean_excess_ug_m3, p.spray_count,
        p.effective_spray_count, p.unjudged_spray_count, p.mean_drop_pct,
        cast({{ ratio('c.online_seconds * 100', 'c.due_seconds', 6) }} as decimal(18, 6)) as camera_online_pct,
        coalesce(o.outage_over_limit_count, 0) as outage_over_limit_count,
        case when s.point_id is null then '没有扬尘监测设备' when d.point_id is null then '本月没有监测数据' end as reason_zh
    from {{ ref('dim_dust_site') }} as s
    inner join months as m
        on s.started_date < {{ period_end('m.month', 'month') }} and (s.finished_date is null or s.finished_date > m.month)
    left join dust as d on s.point_id = d.point_id and m.month = d.month
    left join spray as p on s.dust_site_code = p.dust_site_code and m.month = p.month
    left join camera as c on s.dust_site_code = c.dust_site_code and m.month = c.month
    left join outage as o on s.dust_site_code = o.dust_site_code and m.month = o.month
)

select
    'dust_peak_count' as indicator_code, dust_site_code as subject_id, name_zh, town_code, town_name_zh, construction_stage,
    {{ period_label('month', 'month') }} as period, day_count, peak_count, unjudged_count, max_peak_excess_ug_m3, tsp_mean_excess_ug_m3,
    pm10_mean_excess_ug_m3, coalesce(spray_count, 0) as spray_count, coalesce(effective_spray_count, 0) as effective_spray_count,
    coalesce(unjudged_spray_count, 0) as unjudged_spray_count, mean_drop_pct, camera_online_pct, outage_over_limit_count,
    case when tsp_mean_excess_ug_m3 is not null
        then cast(rank() over (
            partition by month, tsp_mean_excess_ug_m3 is null order by peak_count desc, tsp_mean_excess_ug_m3 desc) as int) end as rank_no,
    reason_zh, 'illustrative' as status
from joined
