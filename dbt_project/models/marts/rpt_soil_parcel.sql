-- grain: subject_id
-- construction parcels: planned use, soil before use began, safe or why not
select
    'soil_key_parcel_safe_pct' as indicator_code, p.parcel_code as subject_id, p.name_zh, p.town_code, a.name_zh as town_name_zh,
    case p.planned_use when 'class_1' then '第一类用地' when 'class_2' then '第二类用地' end as planned_use_zh,
    p.is_key_parcel, p.area_mu, p.use_started_date, p.accepted_date, p.listed_point_count, p.sampled_point_count, p.sampled_at, p.class_no,
    p.class_zh, p.items_over_zh, p.is_counted, p.is_safe, p.judgement_zh, p.reason_zh, p.status
from {{ ref('fct_soil_parcel') }} as p
left join {{ ref('dim_area') }} as a on p.town_code = a.area_code
