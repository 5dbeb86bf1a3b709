-- grain: subject_id × period_type × period
-- sections of the district's own network
select
    'water_class_1_3_share_pct' as indicator_code,
    w.point_id as subject_id,
    w.section_name,
    w.town_code,
    a.name_zh as town_name_zh,
    w.role,
    w.is_shared,
    w.water_body_type,
    w.period_type,
    case w.period_type
        when 'month' then {{ period_label('w.period_start_date', 'month') }}
        when 'quarter' then {{ period_label('w.period_start_date', 'quarter') }}
        else {{ period_label('w.period_start_date', 'year') }}
    end as period,
    w.class_zh,
    w.grade,
    w.target_class,
    w.target_grade,
    w.is_class_1_3,
    w.is_target_met,
    w.main_pollutants_zh,
    w.quality_zh,
    w.item_count,
    w.reading_count,
    w.maturity,
    w.reason_zh,
    'unverified' as status
from {{ ref('fct_water_section_class') }} as w
left join {{ ref('dim_area') }} as a on w.town_code = a.area_code
where w.network = 'district' and w.period_type in ('month', 'quarter', 'year')
