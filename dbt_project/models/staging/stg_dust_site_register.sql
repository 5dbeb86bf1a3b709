-- grain: dust_site_code
-- names and telephones stay in the restricted dim_dust_site_contact
with latest as (
    {{ latest_by_key(source('raw', 'dust_site_register'), ['dust_site_code'], snapshot_order()) }}
)

select
    {{ squeeze('l.dust_site_code') }} as dust_site_code,
    {{ tidy('l.name_zh') }} as name_zh,
    coalesce(town.area_code, bare.area_code) as town_code,
    {{ tidy('l.construction_stage') }} as construction_stage,
    l.site_area_m2, l.started_date, l.finished_date,
    concat('dust:', {{ squeeze('l.point_code') }}) as point_id,
    {{ squeeze('l.spray_code') }} as spray_code,
    {{ squeeze('l.camera_code') }} as camera_code,
    {{ squeeze('l.point_code') }} is not null as has_monitor,
    l._load_id,
    l._row_no
from latest as l
{{ join_town('l.town_name') }}
