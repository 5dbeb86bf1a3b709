-- grain: subject_type × subject_id × period_type × period × version
-- trophic state of lakes (water_body) and of their points
select
    'water_tli' as indicator_code, t.subject_type, t.subject_id, coalesce(s.water_body_name, t.subject_id) as lake_name, t.period_type,
    case t.period_type
        when 'month' then {{ period_label('t.period_start_date', 'month') }}
        when 'quarter' then {{ period_label('t.period_start_date', 'quarter') }}
        else {{ period_label('t.period_start_date', 'year') }}
    end as period,
    t.version, t.tli, t.trophic_state_zh, t.item_count, t.required_item_count, t.items_zh, t.point_count, t.maturity, t.reason_zh, t.status
from {{ ref('fct_water_tli') }} as t
left join {{ ref('dim_water_section') }} as s
    on t.subject_type = 'point' and t.subject_id = s.point_id and {{ in_force('t.period_start_date', 's.') }}
