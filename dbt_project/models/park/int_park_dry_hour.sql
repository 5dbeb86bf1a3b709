-- grain: point_id × observed_at
-- rain of the hours up to this one at the gauge of the pipe's park; dry only when every one of those hours was told
{{ config(meta={'publish': true, 'lookback_hours': 24, 'evidence': [
    {'parent': 'int_park_hour', 'label_zh': '排口与雨量计小时值', 'on': {'park_code': 'park_code',
        'observed_at >': "observed_at - interval '24' hour", 'observed_at <=': 'observed_at'}}]}) }}
with pipes as (
    select * from {{ ref('int_park_hour') }} where role = 'rain_pipe' and rank_in_hour = 1
),

gauges as (
    select park_code, observed_at, max(rain_mm) as rain_mm
    from {{ ref('int_park_hour') }}
    where role = 'rain_gauge' and rank_in_hour = 1 and rain_mm is not null
    group by park_code, observed_at
),

summed as (
    select
        g.park_code, g.observed_at, cast(sum(b.rain_mm) as decimal(18, 6)) as antecedent_rain_mm, count(*) as told_count,
        max(r.value) as dry_hours, max(x.value) as dry_rain_max_mm
    from gauges as g
    inner join {{ ref('park_rule') }} as r on r.rule = 'dry_antecedent_hours' and {{ in_force(date_of('g.observed_at'), 'r.') }}
    inner join {{ ref('park_rule') }} as x on x.rule = 'dry_rain_max_mm' and {{ in_force(date_of('g.observed_at'), 'x.') }}
    inner join gauges as b
        on g.park_code = b.park_code and b.observed_at <= g.observed_at
        and b.observed_at > {{ add_hours('g.observed_at', '-cast(r.value as int)') }}
    group by g.park_code, g.observed_at
)

select
    p.point_id, p.park_code, p.town_code, p.observed_at, p.date_day, p.month, p.flow_m3_h, p.cod_mg_l, p.nh3n_mg_l,
    s.antecedent_rain_mm,
    case
        when s.told_count is null or s.told_count < s.dry_hours then null
        else s.antecedent_rain_mm <= s.dry_rain_max_mm
    end as is_dry,
    case when s.told_count is null or s.told_count < s.dry_hours then '此前雨量不全，不判晴雨' end as reason_zh,
    p.source, p._load_id, p._row_no
from pipes as p
left join summed as s on p.park_code = s.park_code and p.observed_at = s.observed_at
