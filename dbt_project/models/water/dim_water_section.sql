-- grain: point_id × valid_from
-- registered sections declare their water body; any other is declared by name: by the section's own seed row first, then
-- by the water body that its provider names, then by the first pattern that fits its own name, else it is a river. Never
-- from a published class.
with named as (
    -- a provider that names a section's water body once has named it for all times
    select point_id, province, section_name, max(water_body_name) as told_water_body_name
    from {{ ref('int_water_told') }}
    where point_id not in (select concat('water:', point_code) from {{ ref('stg_point_register') }} where medium = 'surface_water')
    group by point_id, province, section_name
),

patterned as (
    select point_id, name_kind, water_body_type
    from (
        select
            n.point_id, p.name_kind, p.water_body_type,
            row_number() over (partition by n.point_id, p.name_kind order by p.priority) as rank_in_point
        from named as n
        inner join {{ ref('water_body_pattern') }} as p
            on (case when p.name_kind = 'section' then n.section_name else n.told_water_body_name end) like p.like_pattern
            and {{ in_force(date_of(as_of()), 'p.') }}
    ) as fitted
    where rank_in_point = 1
)

select
    p.point_id, p.name_zh as section_name, cast(null as varchar) as province, p.network, p.town_code, p.role,
    p.is_shared, coalesce(p.water_body_type, 'river') as water_body_type,
    case when p.water_body_type is null then 'default' else 'point_register' end as water_body_basis,
    p.water_body_name, p.target_class, c.grade as target_grade, p.valid_from, p.valid_to
from {{ ref('dim_point') }} as p
left join {{ ref('water_class_alias') }} as c on p.target_class = c.alias
where p.medium = 'surface_water'
union all
select
    n.point_id, n.section_name, n.province, 'national' as network, cast(null as varchar) as town_code,
    'national' as role, false as is_shared,
    coalesce(d.water_body_type, t.water_body_type, p.water_body_type, 'river') as water_body_type,
    case
        when d.water_body_type is not null then 'declared' when t.water_body_type is not null then 'told'
        when p.water_body_type is not null then 'name_pattern' else 'default'
    end as water_body_basis,
    coalesce(d.water_body_name, n.told_water_body_name) as water_body_name, cast(null as varchar) as target_class, cast(null as int) as target_grade,
    cast(null as date) as valid_from, cast(null as date) as valid_to
from named as n
left join {{ ref('water_body_declared') }} as d
    on n.province = d.province and n.section_name = d.section_name and {{ in_force(date_of(as_of()), 'd.') }}
left join patterned as t on n.point_id = t.point_id and t.name_kind = 'water_body'
left join patterned as p on n.point_id = p.point_id and p.name_kind = 'section'
