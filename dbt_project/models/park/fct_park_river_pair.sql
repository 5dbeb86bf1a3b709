-- grain: from_point_id × to_point_id × factor_code × observed_at × maturity
-- downstream now against upstream a travel time ago (whole hours, nearest), both of one maturity
{{ config(meta={'lookback_hours': 48, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '下游读数', 'on': {'point_id': 'from_point_id', 'factor_code': 'factor_code', 'observed_at': 'observed_at',
        'maturity': 'maturity', 'averaging_minutes': '60'}},
    {'parent': 'fct_reading', 'label_zh': '流经时间之前的上游读数', 'on': {'point_id': 'to_point_id', 'factor_code': 'factor_code',
        'observed_at': 'upstream_observed_at', 'maturity': 'maturity', 'averaging_minutes': '60'}}],
    'clause': "'park_river_watch'"}) }}
with effective as (
    {{ effective_reading('evaluation', "point_id like 'park_river:%' and statistic = 'mean' and averaging_minutes = 60", own_keys=['maturity']) }}
),

valued as (
    {{ counted_readings('effective', 'surface_water', 'mean') }}
),

links as (
    select
        l.from_point_id, l.to_point_id, l.travel_hours, cast({{ round_half_up('l.travel_hours', 0) }} as int) as lag_hours,
        d.park_code, d.town_code, l.valid_from, l.valid_to
    from {{ ref('dim_point_link') }} as l
    inner join {{ ref('dim_point') }} as d on l.from_point_id = d.point_id and d.medium = 'park_river'
    where l.link_kind = 'upstream'
),

pairs as (
    select
        l.from_point_id, l.to_point_id, l.park_code, l.town_code, l.travel_hours, b.factor_code, b.observed_at,
        {{ add_hours('b.observed_at', '-l.lag_hours') }} as upstream_observed_at,
        b.maturity, b.month, b.counted_value as downstream_value, b.source, b._load_id, b._row_no
    from valued as b
    inner join links as l on b.point_id = l.from_point_id and {{ in_force(date_of('b.observed_at'), 'l.') }}
)

select
    p.from_point_id, p.to_point_id, p.park_code, p.town_code, p.factor_code, p.observed_at, p.upstream_observed_at, p.travel_hours, p.maturity, p.month,
    p.downstream_value, u.counted_value as upstream_value,
    cast(p.downstream_value - u.counted_value as decimal(18, 6)) as difference,
    r.threshold_value,
    case
        when p.downstream_value is null or u.counted_value is null then null
        else p.downstream_value - u.counted_value >= r.threshold_value
            and (p.downstream_value - u.counted_value) * 100 >= u.counted_value * r.threshold_share_pct
    end as is_rise,
    coalesce(r.status, 'unverified') as status,
    p.source, p._load_id, p._row_no
from pairs as p
left join valued as u
    on p.to_point_id = u.point_id and p.factor_code = u.factor_code and p.upstream_observed_at = u.observed_at and p.maturity = u.maturity
left join {{ ref('park_river_rule') }} as r on p.factor_code = r.factor_code and {{ in_force(date_of('p.observed_at'), 'r.') }}
