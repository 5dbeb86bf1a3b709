-- grain: subject_id × period
-- a well's quarter: class and the items that decide it, aquifer and depth as they stood, level, trends, upgradient comparison
with levels as (
    select
        point_id, period_start_date, cast({{ mean('water_level_m', 6) }} as decimal(18, 6)) as water_level_m,
        cast({{ mean('depth_to_water_m', 6) }} as decimal(18, 6)) as depth_to_water_m
    from {{ ref('fct_groundwater_level') }}
    group by point_id, period_start_date
),

trends as (
    select
        t.point_id, t.period_start_date,
        {{ join_text("case when t.trend_code = 'rising' and t.series_code <> 'water_level' then f.name_zh end", '、', distinct=true) }} as rising_items_zh,
        {{ join_text("case when t.trend_code = 'falling' and t.series_code <> 'water_level' then f.name_zh end", '、', distinct=true) }} as falling_items_zh,
        max(case when t.series_code = 'water_level' then t.trend_code end) as level_trend_code,
        max(case when t.series_code = 'water_level' then t.slope_per_year end) as level_slope_m_per_year,
        max(t.quarter_count) as quarter_count
    from {{ ref('fct_groundwater_trend') }} as t
    left join {{ ref('dim_factor') }} as f on t.series_code = f.factor_code
    group by t.point_id, t.period_start_date
),

upgradient as (
    select
        point_id, period_start_date, {{ join_text("case when is_raised then item_name_zh end", '、', distinct=true) }} as raised_items_zh,
        {{ join_text('reference_point_id', '、', distinct=true) }} as reference_point_ids,
        max(case when reason_zh = '两井含水层不同，不比较' then reason_zh end) as upgradient_note_zh
    from {{ ref('fct_groundwater_upgradient') }}
    group by point_id, period_start_date
)

select
    'groundwater_class_1_4_share_pct' as indicator_code, c.point_id as subject_id, {{ period_label('c.period_start_date', 'quarter') }} as period,
    c.well_name_zh, c.town_code, a.name_zh as town_name_zh, c.role, c.aquifer_name_zh, c.depth_m, c.sampled_at, c.grade, c.class_zh, c.worst_items_zh,
    c.item_count, c.unevaluated_item_count, l.depth_to_water_m, l.water_level_m, t.level_trend_code, t.level_slope_m_per_year,
    t.rising_items_zh, t.falling_items_zh, t.quarter_count, u.reference_point_ids, u.raised_items_zh, u.upgradient_note_zh, c.maturity, c.reason_zh,
    'illustrative' as status
from {{ ref('fct_groundwater_class') }} as c
left join {{ ref('dim_area') }} as a on c.town_code = a.area_code
left join levels as l on c.point_id = l.point_id and c.period_start_date = l.period_start_date
left join trends as t on c.point_id = t.point_id and c.period_start_date = t.period_start_date
left join upgradient as u on c.point_id = u.point_id and c.period_start_date = u.period_start_date
