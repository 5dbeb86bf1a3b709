-- grain: land_use × factor_code × limit_kind × ph_above × valid_from
-- which rows of the two standards apply to a land use: the most specific land group that the standard has for the item. A pH
-- range is above its lower and up to its upper bound: exactly 6.5 belongs to the range that ends at 6.5.
{{ config(meta={'publish': true}) }}
select
    land_use, land_kind, standard_no, factor_code, limit_kind, ph_above, ph_to, limit_mg_kg, clause_id, valid_from, valid_to, status
from (
    select
        u.land_use, u.land_kind, l.standard_no, l.factor_code, l.limit_kind, l.ph_above, l.ph_to, l.limit_mg_kg, l.clause_id,
        l.valid_from, l.valid_to, {{ worst_status_of(['l.status', 'u.status']) }} as status,
        dense_rank() over (partition by u.land_use, l.factor_code, l.limit_kind order by u.rank_no) as rank_in_use
    from {{ ref('soil_land_use') }} as u
    inner join {{ ref('soil_limit') }} as l
        on u.standard_no = l.standard_no and u.land_group = l.land_group
) as ranked
where rank_in_use = 1
