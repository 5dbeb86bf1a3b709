-- grain: run_code × maturity × hotspot_no × site_code
-- sites near a hot stretch, upwind or not; upwind ones are ranked from near to far. A candidate is where to look, not a finding.
{{ config(meta={'evidence': [
    {'parent': 'fct_voc_hotspot', 'label_zh': '走航高值段', 'on': {'run_code': 'run_code', 'maturity': 'maturity',
        'hotspot_no': 'hotspot_no'}},
    {'parent': 'stg_voc_route_followup', 'label_zh': '排查结果', 'on': {'run_code': 'run_code', 'site_code': 'site_code'}}],
    'clause': "'plan_4_8_4_voc_route'"}) }}
with rules as (
    {{ air_special_rules(['route_max_distance_m', 'route_sector_half_deg', 'calm_wind_m_s']) }}
),

placed as (
    select
        h.run_code, h.maturity, h.hotspot_no, h.wind_from_deg, h.wind_mean_m_s, s.site_code, s.enterprise_id,
        r.route_max_distance_m, r.route_sector_half_deg, r.calm_wind_m_s,
        {{ distance_m('h.longitude', 'h.latitude', 's.longitude', 's.latitude') }} as distance_m,
        {{ bearing_deg('h.longitude', 'h.latitude', 's.longitude', 's.latitude') }} as bearing_deg
    from {{ ref('fct_voc_hotspot') }} as h
    cross join {{ ref('dim_site') }} as s
    inner join rules as r on {{ in_force(date_of('h.started_at'), 'r.') }}
    where s.longitude is not null and s.latitude is not null
),

judged as (
    select
        *,
        {{ angle_between_deg('bearing_deg', 'wind_from_deg') }} as angle_deg,
        case
            when wind_mean_m_s > calm_wind_m_s then {{ angle_between_deg('bearing_deg', 'wind_from_deg') }} <= route_sector_half_deg
        end as is_upwind
    from placed
    where distance_m <= route_max_distance_m
)

select
    j.run_code, j.maturity, j.hotspot_no, j.site_code, j.enterprise_id, j.distance_m, j.bearing_deg, j.wind_from_deg, j.angle_deg,
    j.is_upwind,
    case when j.is_upwind then cast(row_number() over (
        partition by j.run_code, j.maturity, j.hotspot_no, j.is_upwind order by j.distance_m, j.site_code) as int) end
        as candidate_rank_no,
    case when j.is_upwind is null then '静风或无风向，不判上风向' when not j.is_upwind then '不在上风向扇区内' end as reason_zh,
    f.followup_result, f.checked_date, f.measure_zh,
    'illustrative' as status
from judged as j
left join {{ ref('stg_voc_route_followup') }} as f on j.run_code = f.run_code and j.site_code = f.site_code
