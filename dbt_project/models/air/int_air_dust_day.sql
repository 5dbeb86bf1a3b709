-- grain: subject_type × subject_id × air_date
-- Whom a sand-dust day of the register concerns: the area named, its towns, and the air points standing in them. A dust
-- day of one town is none of the district.
{{ config(meta={'publish': true}) }}
with spells as (
    select d.area_code, t.date_day as air_date
    from {{ ref('stg_air_dust_day') }} as d
    inner join {{ ref('dim_date') }} as t on t.date_day >= d.start_date and t.date_day <= d.end_date
    where d.area_code is not null
),

areas as (
    select area_code, air_date from spells
    union
    select a.area_code, s.air_date
    from spells as s
    inner join {{ ref('dim_area') }} as a on s.area_code = a.parent_code
)

select 'area' as subject_type, area_code as subject_id, air_date from areas
union all
select distinct 'point' as subject_type, p.point_id as subject_id, a.air_date
from areas as a
inner join {{ ref('dim_point') }} as p on a.area_code = p.town_code and p.medium = 'air' and {{ in_force('a.air_date', 'p.') }}
