-- grain: finding_id
-- a problem raised by a rain pipe that carries water on a dry day: one per pipe and day, from its first such hour to its last
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'int_park_dry_hour', 'label_zh': '晴天小时流量', 'on': {'point_id': 'point_id', 'date_day': 'date_day'}}],
    'clause': "'park_rain_outlet'"}) }}
with wet as (
    select h.*, f.value as threshold_value
    from {{ ref('int_park_dry_hour') }} as h
    inner join {{ ref('park_rule') }} as f on f.rule = 'dry_flow_min_m3_h' and {{ in_force('h.date_day', 'f.') }}
    where h.is_dry and h.flow_m3_h >= f.value
)

select
    concat('rain_pipe_dry_flow:', w.point_id, ':', cast(w.date_day as varchar)) as finding_id,
    'rain_pipe_dry_flow' as finding_kind,
    w.point_id, w.park_code, w.town_code, w.date_day, w.month,
    {{ add_hours('min(w.observed_at)', -1) }} as started_at,
    max(w.observed_at) as ended_at,
    count(*) as hour_count,
    max(w.flow_m3_h) as max_flow_m3_h,
    cast(sum(w.flow_m3_h) as decimal(18, 6)) as flow_m3,
    max(w.cod_mg_l) as max_cod_mg_l,
    max(w.nh3n_mg_l) as max_nh3n_mg_l,
    max(w.threshold_value) as threshold_value,
    concat('雨水排口晴天有水 ', cast(count(*) as varchar), ' 小时，最大 ', {{ plain('max(w.flow_m3_h)') }},
        ' 立方米/小时；请查混接、偷排或地下水渗入，并回告') as finding_zh,
    'illustrative' as status,
    min(w.source) as source, min(w._load_id) as _load_id, min(w._row_no) as _row_no
from wet as w
left join {{ ref('park_rule') }} as n on n.rule = 'dry_min_hours' and {{ in_force('w.date_day', 'n.') }}
group by w.point_id, w.park_code, w.town_code, w.date_day, w.month
having count(*) >= max(n.value)
