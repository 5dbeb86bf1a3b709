-- grain: point_id × maturity × started_at
with complaints as (
    select
        point_id, maturity, started_at, count(*) as complaint_count, {{ join_text('case_id', ',') }} as case_ids
    from {{ ref('fct_odor_episode_complaint') }}
    group by point_id, maturity, started_at
)

select
    'odor_episode_count' as indicator_code,
    p.town_code as subject_id,
    {{ period_label('e.month', 'month') }} as period,
    p.name_zh as point_name_zh, a.name_zh as town_name_zh, e.point_id, e.maturity, e.started_at, e.ended_at, e.duration_minutes,
    e.exceed_value_count, e.factor_codes, e.peak_factor_code, e.peak_value, e.threshold_value, e.peak_ratio, e.wind_from_deg,
    e.wind_mean_m_s, e.is_calm,
    s.site_code as upwind_site_code, t.name_zh as upwind_site_name_zh, t.enterprise_name, s.distance_m as upwind_distance_m,
    coalesce(c.complaint_count, 0) as complaint_count, c.case_ids,
    case when e.is_calm then '静风，不判上风向' when e.wind_from_deg is null then '没有风向，不判上风向'
        when s.site_code is null then '上风向扇区内没有名录厂区' end as reason_zh,
    e.status
from {{ ref('fct_odor_episode') }} as e
left join {{ ref('dim_point') }} as p on e.point_id = p.point_id and {{ in_force(date_of('e.started_at'), 'p.') }}
left join {{ ref('dim_area') }} as a on p.town_code = a.area_code
left join {{ ref('fct_odor_episode_site') }} as s
    on e.point_id = s.point_id and e.maturity = s.maturity and e.started_at = s.started_at and s.candidate_rank_no = 1
left join {{ ref('dim_site') }} as t on s.site_code = t.site_code
left join complaints as c on e.point_id = c.point_id and e.maturity = c.maturity and e.started_at = c.started_at
