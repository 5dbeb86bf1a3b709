-- grain: from_point_id × to_point_id × factor_code × observed_at × maturity
-- a reading and the one upstream that passed its section the travel time before; of several within the tolerance the nearest,
-- then the earlier
{{ config(meta={'lookback_hours': 72, 'evidence': [
    {'parent': 'fct_water_item', 'label_zh': '下游读数', 'on': {'point_id': 'from_point_id', 'factor_code': 'factor_code',
        'observed_at': 'observed_at'}},
    {'parent': 'fct_water_item', 'label_zh': '上游读数', 'on': {'point_id': 'to_point_id', 'factor_code': 'factor_code',
        'observed_at': 'upstream_observed_at'}}],
    'clause': "'water_network_own'"}) }}
with candidates as (
    select
        l.from_point_id, l.to_point_id, d.factor_code, d.observed_at, d.maturity, d.value, d.month, d.source, d._load_id, d._row_no,
        u.observed_at as upstream_observed_at, u.value as upstream_value, l.travel_hours,
        row_number() over (
            partition by l.from_point_id, l.to_point_id, d.factor_code, d.observed_at, d.maturity
            order by
                abs({{ seconds_between(add_hours('u.observed_at', 'cast(l.travel_hours as int)'), 'd.observed_at') }}), u.observed_at
        ) as rank_in_reading
    from {{ ref('dim_point_link') }} as l
    inner join {{ ref('fct_water_item') }} as d
        on l.from_point_id = d.point_id and {{ in_force(date_of('d.observed_at'), 'l.') }}
    {{ join_water_rule('pair_tolerance_hours', 't', date_of('d.observed_at')) }}
    inner join {{ ref('fct_water_item') }} as u
        on l.to_point_id = u.point_id and d.factor_code = u.factor_code and d.maturity = u.maturity
        and abs({{ seconds_between('u.observed_at', 'd.observed_at') }} - l.travel_hours * 3600) <= t.value * 3600
    where l.link_kind = 'upstream' and d.value is not null and u.value is not null and d.grade is not null
)

select
    from_point_id, to_point_id, factor_code, observed_at, maturity, value, upstream_observed_at, upstream_value, travel_hours,
    cast(value - upstream_value as decimal(18, 6)) as change_value, month, source, _load_id, _row_no
from candidates
where rank_in_reading = 1
