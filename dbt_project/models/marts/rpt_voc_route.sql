-- grain: run_code × maturity × segment_no
-- the route map, its hot stretches, the nearest firm upwind of each and what the follow-up found
select
    s.point_id as subject_id,
    {{ period_label('s.run_started_at', 'day') }} as period,
    s.run_code, s.point_id, s.maturity, s.segment_no, s.started_at, s.ended_at, s.longitude, s.latitude, s.second_count,
    s.segment_mean_ug_m3, s.segment_max_ug_m3, s.run_median_ug_m3, s.is_hot, h.hotspot_no, s.top_species_zh, s.wind_from_deg,
    s.wind_mean_m_s, c.site_code as upwind_site_code, t.name_zh as upwind_site_name_zh, t.enterprise_name,
    c.distance_m as upwind_distance_m, c.followup_result, c.checked_date, c.measure_zh,
    case
        when not s.is_hot then null
        when c.site_code is null then '没有可疑单位：静风、无风向，或上风向扇区内没有名录厂区'
        when c.followup_result is null then '尚无排查结果'
    end as reason_zh,
    s.status
from {{ ref('fct_voc_route_segment') }} as s
left join {{ ref('fct_voc_hotspot') }} as h
    on s.run_code = h.run_code and s.maturity = h.maturity and s.is_hot and s.started_at >= h.started_at and s.ended_at <= h.ended_at
left join {{ ref('fct_voc_candidate') }} as c
    on h.run_code = c.run_code and h.maturity = c.maturity and h.hotspot_no = c.hotspot_no and c.candidate_rank_no = 1
left join {{ ref('dim_site') }} as t on c.site_code = t.site_code
