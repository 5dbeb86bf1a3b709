-- grain: subject_id × factor_code × method_code × period_type × period
-- one river and factor: load by each method beside each other, how much of it is estimated, concentration against target and last year
select
    concat('bay_', f.stem, '_load_t') as indicator_code,
    p.point_id as subject_id,
    c.point_name_zh,
    c.water_body_name,
    c.town_code,
    a.name_zh as town_name_zh,
    p.factor_code,
    x.name_zh as factor_name_zh,
    p.method_code, p.method_version, p.method_name_zh, p.is_default,
    p.period_type, p.period, p.maturity,
    p.load_t, p.covered_load_t, p.out_t, p.in_t, p.volume_m3, p.method_difference_pct,
    p.expected_day_count, p.measured_day_count, p.estimated_day_count, p.missing_day_count, p.estimated_day_share_pct,
    c.mean_mg_l, c.flow_weighted_mg_l, c.target_mg_l, c.compared_statistic, c.target_gap_mg_l, c.target_note_zh,
    c.mean_last_year_mg_l, c.change_pct, c.trend_zh,
    p.reason_zh, p.status
from {{ ref('fct_bay_period') }} as p
inner join {{ ref('bay_factor') }} as f on p.factor_code = f.factor_code
left join {{ ref('fct_bay_control') }} as c
    on p.point_id = c.point_id and p.factor_code = c.factor_code and p.period_type = c.period_type and p.period = c.period
left join {{ ref('dim_area') }} as a on c.town_code = a.area_code
left join {{ ref('dim_factor') }} as x on p.factor_code = x.factor_code
where p.rank_in_period = 1
