-- grain: lake_point_id × subject_id × basis × period_type × period
-- tributaries of a lake or reservoir in order of load
select
    'water_tributary_load_t' as indicator_code, l.lake_point_id, lake.water_body_name as lake_name, l.point_id as subject_id,
    s.section_name, s.town_code, l.factor_code as basis, f.name_zh as factor_name_zh, l.period_type,
    case l.period_type
        when 'month' then {{ period_label('l.period_start_date', 'month') }}
        when 'quarter' then {{ period_label('l.period_start_date', 'quarter') }}
        else {{ period_label('l.period_start_date', 'year') }}
    end as period,
    l.load_t, l.rank_in_lake, l.observed_load_t, l.slot_count, l.expected_slot_count, l.maturity, l.reason_zh, 'illustrative' as status
from {{ ref('fct_water_load_period') }} as l
left join {{ ref('dim_water_section') }} as s on l.point_id = s.point_id and {{ in_force('l.period_start_date', 's.') }}
left join {{ ref('dim_water_section') }} as lake
    on l.lake_point_id = lake.point_id and {{ in_force('l.period_start_date', 'lake.') }}
left join {{ ref('dim_factor') }} as f on l.factor_code = f.factor_code
