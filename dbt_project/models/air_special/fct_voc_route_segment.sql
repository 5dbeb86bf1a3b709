-- grain: run_code × maturity × segment_no
-- a run cut into pieces of the seeded length in time; hot if its mean stands out from the median of the run's seconds, and enough of its
-- seconds do: the exhaust of a passing lorry lasts a few. What is below detection adds nothing to the sum of a second.
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '走航逐秒读数', 'on': {'point_id': 'point_id', 'maturity': 'maturity',
        'observed_at >=': 'run_started_at', 'observed_at <=': 'run_ended_at', 'statistic': "'instant'"}},
    {'parent': 'fct_position', 'label_zh': '走航车位置', 'on': {'run_code': 'run_code'}}],
    'clause': "'plan_4_8_4_voc_route'"}) }}
with effective as (
    {{ effective_reading('evaluation', "averaging_minutes = 0 and statistic = 'instant'
        and substr(point_id, 1, 10) = 'voc_route:'", ['maturity']) }}
),

rules as (
    {{ air_special_rules(['route_segment_seconds', 'route_hot_ratio', 'route_hot_min_ug_m3', 'route_hot_min_seconds']) }}
),

spans as (
    select run_code, min(observed_at) as run_started_at, max(observed_at) as run_ended_at
    from {{ ref('fct_position') }}
    group by run_code
),

summed as (
    select
        point_id, maturity, observed_at, month,
        sum(case when substr(factor_code, 1, 4) = 'VOC_' then effective_value end) as total_ug_m3,
        max(case when factor_code = 'MET_WS' then effective_value end) as wind_speed,
        max(case when factor_code = 'MET_WD' then effective_value end) as wind_from
    from effective
    group by point_id, maturity, observed_at, month
),

placed as (
    select
        p.run_code, s.point_id, s.maturity, s.observed_at, s.total_ug_m3, s.wind_speed, s.wind_from,
        p.longitude, p.latitude, n.run_started_at, n.run_ended_at, r.route_hot_ratio, r.route_hot_min_ug_m3,
        r.route_hot_min_seconds,
        {{ int_div(seconds_between('n.run_started_at', 's.observed_at'), 'cast(r.route_segment_seconds as bigint)') }} as segment_no
    from summed as s
    inner join {{ ref('fct_position') }} as p on s.point_id = p.point_id and s.observed_at = p.observed_at
    inner join spans as n on p.run_code = n.run_code
    inner join rules as r on {{ in_force(date_of('n.run_started_at'), 'r.') }}
),

medians as (
    select
        run_code, maturity,
        cast({{ round_half_up(percentile('total_ug_m3', '50'), 6, 8) }} as decimal(18, 6)) as run_median
    from (select run_code, maturity, cast(total_ug_m3 as decimal(18, 6)) as total_ug_m3 from placed where total_ug_m3 is not null) as t
    group by run_code, maturity
),

compared as (
    select p.*, m.run_median, {{ mul('m.run_median', 'p.route_hot_ratio', 6) }} as hot_from_ug_m3
    from placed as p
    left join medians as m on p.run_code = m.run_code and p.maturity = m.maturity
),

segments as (
    select
        run_code, point_id, maturity, segment_no, run_started_at, run_ended_at, run_median, hot_from_ug_m3, route_hot_min_ug_m3,
        route_hot_min_seconds,
        min(observed_at) as started_at, max(observed_at) as ended_at,
        count(total_ug_m3) as second_count,
        count(case when total_ug_m3 >= hot_from_ug_m3 then 1 end) as high_second_count,
        {{ mean('total_ug_m3', 6) }} as segment_mean,
        max(total_ug_m3) as segment_max,
        {{ mean('longitude', 6) }} as longitude,
        {{ mean('latitude', 6) }} as latitude,
        {{ mean(wind_east('wind_speed', 'wind_from'), 6) }} as east,
        {{ mean(wind_north('wind_speed', 'wind_from'), 6) }} as north
    from compared
    group by
        run_code, point_id, maturity, segment_no, run_started_at, run_ended_at, run_median, hot_from_ug_m3, route_hot_min_ug_m3,
        route_hot_min_seconds
),

species as (
    select
        p.run_code, p.maturity, p.segment_no, e.factor_code, {{ mean('e.effective_value', 6) }} as species_mean
    from placed as p
    inner join effective as e
        on p.point_id = e.point_id and p.maturity = e.maturity and p.observed_at = e.observed_at
        and substr(e.factor_code, 1, 4) = 'VOC_' and e.effective_value is not null
    group by p.run_code, p.maturity, p.segment_no, e.factor_code
),

strongest as (
    {{ latest_by_key('species', ['run_code', 'maturity', 'segment_no'], ['species_mean desc', 'factor_code asc'],
        ['run_code', 'maturity', 'segment_no', 'factor_code']) }}
)

select
    s.run_code, s.point_id, s.maturity, s.segment_no, s.run_started_at, s.run_ended_at, s.started_at, s.ended_at, s.second_count,
    cast(s.longitude as decimal(18, 6)) as longitude,
    cast(s.latitude as decimal(18, 6)) as latitude,
    cast(s.segment_mean as decimal(18, 6)) as segment_mean_ug_m3,
    cast(s.segment_max as decimal(18, 6)) as segment_max_ug_m3,
    s.run_median as run_median_ug_m3,
    s.high_second_count,
    coalesce(s.segment_mean >= s.hot_from_ug_m3 and s.segment_mean - s.run_median >= s.route_hot_min_ug_m3
        and s.high_second_count >= s.route_hot_min_seconds, false) as is_hot,
    v.species_zh as top_species_zh,
    cast({{ wind_from_deg('s.east', 's.north') }} as decimal(18, 3)) as wind_from_deg,
    {{ wind_speed_of('s.east', 's.north') }} as wind_mean_m_s,
    'illustrative' as status,
    {{ month_of('s.run_started_at') }} as month
from segments as s
left join strongest as t on s.run_code = t.run_code and s.maturity = t.maturity and s.segment_no = t.segment_no
left join {{ ref('voc_species') }} as v on t.factor_code = v.factor_code
