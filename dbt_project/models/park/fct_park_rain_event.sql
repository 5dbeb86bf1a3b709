-- grain: point_id × factor_code × started_at
-- A rain event at a park's gauge and what a rain pipe of the park carried in it. First flush: the share of the load in the first
-- wet hours over the share of the water in them. An hour with water and no concentration withholds the event.
{{ config(meta={'lookback_hours': 168, 'evidence': [
    {'parent': 'int_park_hour', 'label_zh': '雨量与排口小时值', 'on': {'park_code': 'park_code',
        'observed_at >': "started_at - interval '24' hour", 'observed_at <=': "ended_at + interval '48' hour"}}],
    'clause': "'park_rain_outlet'"}) }}
with rainy as (
    select park_code, town_code, observed_at, max(rain_mm) as rain_mm
    from {{ ref('int_park_hour') }}
    where role = 'rain_gauge' and rank_in_hour = 1 and rain_mm > 0
    group by park_code, town_code, observed_at
),

beside as (
    select r.*, lag(r.observed_at) over (partition by r.park_code order by r.observed_at) as rained_before_at, g.value as gap_hours
    from rainy as r
    left join {{ ref('park_rule') }} as g on g.rule = 'event_gap_hours' and {{ in_force(date_of('r.observed_at'), 'g.') }}
),

starts as (
    select
        park_code, town_code, observed_at as first_rain_at,
        lead(observed_at) over (partition by park_code order by observed_at) as next_start_at
    from beside
    where rained_before_at is null or {{ seconds_between('rained_before_at', 'observed_at') }} > gap_hours * 3600
),

events as (
    select
        s.park_code, s.town_code, s.first_rain_at, s.next_start_at, max(r.observed_at) as last_rain_at,
        cast(sum(r.rain_mm) as decimal(18, 6)) as rain_mm
    from starts as s
    inner join rainy as r
        on s.park_code = r.park_code and r.observed_at >= s.first_rain_at and (s.next_start_at is null or r.observed_at < s.next_start_at)
    group by s.park_code, s.town_code, s.first_rain_at, s.next_start_at
),

windows as (
    select
        e.*,
        {{ add_hours('e.last_rain_at', 'cast(t.value as int)') }} as tail_at
    from events as e
    left join {{ ref('park_rule') }} as m on m.rule = 'event_min_mm' and {{ in_force(date_of('e.first_rain_at'), 'm.') }}
    left join {{ ref('park_rule') }} as t on t.rule = 'runoff_tail_hours' and {{ in_force(date_of('e.first_rain_at'), 't.') }}
    where e.rain_mm >= m.value
),

runoff as (
    select
        w.park_code, w.town_code, w.first_rain_at, w.last_rain_at, w.rain_mm, h.point_id, h.observed_at, h.month, h.flow_m3_h, h.cod_mg_l, h.nh3n_mg_l,
        min(h.observed_at) over (partition by h.point_id, w.first_rain_at) as first_wet_at
    from windows as w
    inner join {{ ref('int_park_hour') }} as h
        on w.park_code = h.park_code and h.role = 'rain_pipe' and h.rank_in_hour = 1
        and h.observed_at >= w.first_rain_at and h.observed_at <= w.tail_at
        and (w.next_start_at is null or h.observed_at < w.next_start_at)
    left join {{ ref('park_rule') }} as f on f.rule = 'dry_flow_min_m3_h' and {{ in_force('h.date_day', 'f.') }}
    where h.flow_m3_h >= f.value
),

long as (
    {%- for f in [('w01018', 'cod_mg_l'), ('w21003', 'nh3n_mg_l')] %}
    select
        r.point_id, r.park_code, r.town_code, r.first_rain_at, r.last_rain_at, r.rain_mm, '{{ f[0] }}' as factor_code, r.flow_m3_h, r.{{ f[1] }} as value,
        {{ mul('r.' ~ f[1], 'r.flow_m3_h', 12) }} as load_g,
        {{ seconds_between('r.first_wet_at', 'r.observed_at') }} < n.value * 3600 as is_first
    from runoff as r
    left join {{ ref('park_rule') }} as n on n.rule = 'first_flush_hours' and {{ in_force(date_of('r.first_rain_at'), 'n.') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        point_id, park_code, town_code, factor_code, first_rain_at, last_rain_at, max(rain_mm) as rain_mm,
        count(*) as hour_count, count(load_g) as told_hour_count,
        sum(flow_m3_h) as flow_m3, sum(case when is_first then flow_m3_h else 0 end) as first_flow_m3,
        sum(load_g) as load_g, sum(case when is_first then load_g else 0 end) as first_load_g, max(value) as max_value
    from long
    group by point_id, park_code, town_code, factor_code, first_rain_at, last_rain_at
),

shares as (
    select
        s.*,
        cast({{ ratio('s.first_load_g * 100', 's.load_g', 6, 12) }} as decimal(18, 6)) as first_load_share_pct,
        cast({{ ratio('s.first_flow_m3 * 100', 's.flow_m3', 6) }} as decimal(18, 6)) as first_flow_share_pct
    from summed as s
)

select
    s.point_id, s.park_code, s.town_code, s.factor_code,
    {{ add_hours('s.first_rain_at', -1) }} as started_at,
    s.last_rain_at as ended_at,
    {{ month_of(add_hours('s.first_rain_at', -1)) }} as month,
    s.rain_mm, s.hour_count, s.told_hour_count,
    cast(s.flow_m3 as decimal(18, 6)) as flow_m3,
    case when s.told_hour_count = s.hour_count then cast({{ ratio('s.load_g', '1000', 6, 12) }} as decimal(18, 6)) end as load_kg,
    s.max_value,
    case when s.told_hour_count = s.hour_count then s.first_load_share_pct end as first_load_share_pct,
    s.first_flow_share_pct,
    case when s.told_hour_count = s.hour_count then cast({{ ratio('s.first_load_share_pct', 's.first_flow_share_pct', 6) }} as decimal(18, 6)) end
        as first_flush_ratio,
    case when s.told_hour_count = s.hour_count then {{ ratio('s.first_load_share_pct', 's.first_flow_share_pct', 6) }} >= k.value end as is_first_flush,
    case when s.told_hour_count < s.hour_count then concat('有水而无浓度 ', cast(s.hour_count - s.told_hour_count as varchar), ' 小时，不算初期冲刷') end
        as reason_zh,
    'illustrative' as status
from shares as s
left join {{ ref('park_rule') }} as k on k.rule = 'first_flush_ratio' and {{ in_force(date_of('s.first_rain_at'), 'k.') }}
