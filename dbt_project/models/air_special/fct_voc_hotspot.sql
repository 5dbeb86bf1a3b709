-- grain: run_code × maturity × hotspot_no
-- adjacent hot segments are one hot stretch; its strongest segment tells place and wind
{{ config(meta={'evidence': [
    {'parent': 'fct_voc_route_segment', 'label_zh': '走航路段', 'on': {'run_code': 'run_code', 'maturity': 'maturity'}}],
    'clause': "'plan_4_8_4_voc_route'"}) }}
with hot as (
    select
        *,
        segment_no - row_number() over (partition by run_code, maturity order by segment_no) as stretch_key
    from {{ ref('fct_voc_route_segment') }}
    where is_hot
),

stretches as (
    select
        run_code, maturity, stretch_key, min(segment_no) as first_segment_no, min(started_at) as started_at,
        max(ended_at) as ended_at, count(*) as segment_count
    from hot
    group by run_code, maturity, stretch_key
),

peaks as (
    {{ latest_by_key('hot', ['run_code', 'maturity', 'stretch_key'], ['segment_mean_ug_m3 desc', 'segment_no asc'],
        ['run_code', 'point_id', 'maturity', 'stretch_key', 'segment_no', 'longitude', 'latitude', 'segment_mean_ug_m3',
            'run_median_ug_m3', 'top_species_zh', 'wind_from_deg', 'wind_mean_m_s', 'status', 'month']) }}
)

select
    s.run_code, p.point_id, s.maturity,
    row_number() over (partition by s.run_code, s.maturity order by s.first_segment_no) as hotspot_no,
    s.started_at, s.ended_at, s.segment_count, p.segment_no, p.longitude, p.latitude,
    p.segment_mean_ug_m3 as peak_mean_ug_m3, p.run_median_ug_m3, p.top_species_zh, p.wind_from_deg, p.wind_mean_m_s,
    p.status, p.month
from stretches as s
inner join peaks as p on s.run_code = p.run_code and s.maturity = p.maturity and s.stretch_key = p.stretch_key
