-- grain: point_id × maturity × started_at × site_code
-- sites near the station; upwind if the bearing to the site lies within the seeded sector about the direction the wind comes from
{{ config(meta={'evidence': [
    {'parent': 'fct_odor_episode', 'label_zh': '异味过程', 'on': {'point_id': 'point_id', 'maturity': 'maturity',
        'started_at': 'started_at'}}], 'clause': "'plan_4_9_2_air_special'"}) }}
with rules as (
    {{ air_special_rules(['odor_max_distance_m', 'odor_sector_half_deg']) }}
),

placed as (
    select
        e.point_id, e.maturity, e.started_at, e.wind_from_deg, e.is_calm, s.site_code, r.odor_max_distance_m,
        r.odor_sector_half_deg,
        {{ distance_m('p.longitude', 'p.latitude', 's.longitude', 's.latitude') }} as distance_m,
        {{ bearing_deg('p.longitude', 'p.latitude', 's.longitude', 's.latitude') }} as bearing_deg
    from {{ ref('fct_odor_episode') }} as e
    inner join {{ ref('dim_point') }} as p on e.point_id = p.point_id and {{ in_force(date_of('e.started_at'), 'p.') }}
    cross join {{ ref('dim_site') }} as s
    inner join rules as r on {{ in_force(date_of('e.started_at'), 'r.') }}
    where p.longitude is not null and p.latitude is not null and s.longitude is not null and s.latitude is not null
),

turned as (
    select
        *,
        {{ angle_between_deg('bearing_deg', 'wind_from_deg') }} as angle_deg
    from placed
    where distance_m <= odor_max_distance_m
),

judged as (
    select
        *,
        case when not is_calm then angle_deg <= odor_sector_half_deg end as is_upwind
    from turned
)

select
    point_id, maturity, started_at, site_code, distance_m, bearing_deg, wind_from_deg, angle_deg, is_upwind,
    case when is_upwind then cast(row_number() over (
        partition by point_id, maturity, started_at, is_upwind order by distance_m, site_code) as int) end as candidate_rank_no,
    'illustrative' as status
from judged
