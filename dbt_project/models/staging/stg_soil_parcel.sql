-- grain: parcel_code
-- the workbook of the latest period tells a parcel
with told as (
    {{ latest_by_key(source('raw', 'soil_parcel'), ['parcel_code'], snapshot_order()) }}
)

select
    trim(told.parcel_code) as parcel_code,
    {{ tidy('told.name_zh') }} as name_zh,
    coalesce(town.area_code, bare.area_code) as town_code,
    case trim(told.planned_use) when '第一类用地' then 'class_1' when '第二类用地' then 'class_2' end as planned_use,
    told.is_key_parcel,
    told.area_mu,
    told.use_started_date,
    told.accepted_date,
    {{ squeeze('told.point_codes') }} as point_codes,
    told._load_id,
    told._row_no
from told
{{ join_town('told.town_name') }}
