-- grain: section_name × valid_from_at
-- names that the feeds use → registered points; where two points claim one name on one day the smaller code tells
select
    section_name, point_id, valid_from_at, valid_to_at
from (
    select
        section_name,
        concat('water:', point_code) as point_id,
        cast(coalesce(valid_from, cast('1900-01-01' as date)) as timestamp) as valid_from_at,
        cast(coalesce(valid_to, cast('9999-01-01' as date)) as timestamp) as valid_to_at,
        row_number() over (
            partition by section_name, coalesce(valid_from, cast('1900-01-01' as date)) order by point_code
        ) as rank_in_name
    from {{ ref('stg_point_register') }}
    where medium = 'surface_water' and section_name is not null
) as named
where rank_in_name = 1
