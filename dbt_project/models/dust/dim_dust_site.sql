-- grain: dust_site_code
select
    s.dust_site_code, s.name_zh, s.town_code, a.name_zh as town_name_zh, s.construction_stage, s.site_area_m2, s.started_date,
    s.finished_date, case when s.has_monitor then s.point_id end as point_id, s.spray_code, s.camera_code, s._load_id, s._row_no
from {{ ref('stg_dust_site_register') }} as s
left join {{ ref('dim_area') }} as a on s.town_code = a.area_code
