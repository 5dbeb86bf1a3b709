-- grain: subject_id × factor_code × period
-- every outfall with its place in the list, and month by month what it sends; an outfall without readings stands once, as of the build
select
    case when m.point_id is null then 'sea_outfall_gap_count' else 'sea_outfall_load_t' end as indicator_code,
    i.point_id as subject_id, i.name_zh as point_name_zh, i.outfall_type, i.town_code, a.name_zh as town_name_zh, i.operator_name,
    i.is_listed, i.has_monitor, i.no_monitor_reason, i.last_at, i.gap_kind, i.gap_zh,
    coalesce(m.factor_code, 'none') as factor_code, f.name_zh as factor_name_zh,
    'month' as period_type, {{ period_label('coalesce(m.month, ' ~ month_of(as_of()) ~ ')', 'month') }} as period,
    m.maturity, m.sample_count, m.mean_value, m.flow_m3_h, m.load_t, m.judged_count, m.exceedance_count, m.reason_zh,
    coalesce(m.status, 'illustrative') as status
from {{ ref('fct_sea_outfall_inventory') }} as i
left join {{ ref('fct_sea_outfall_month') }} as m on i.point_id = m.point_id and m.rank_in_period = 1
left join {{ ref('dim_area') }} as a on i.town_code = a.area_code
left join {{ ref('dim_factor') }} as f on m.factor_code = f.factor_code
