-- grain: from_point_id × to_point_id × factor_code × upstream_observed_at × maturity
-- a peak upstream and the peak downstream that it became: the pair whose lag is nearest to the registered travel time, each
-- peak in one pair at most
{{ config(meta={'lookback_hours': 72, 'evidence': [
    {'parent': 'fct_water_peak', 'label_zh': '上游峰值', 'on': {'point_id': 'to_point_id', 'factor_code': 'factor_code',
        'observed_at': 'upstream_observed_at', 'maturity': 'maturity'}},
    {'parent': 'fct_water_peak', 'label_zh': '下游峰值', 'on': {'point_id': 'from_point_id', 'factor_code': 'factor_code',
        'observed_at': 'observed_at', 'maturity': 'maturity'}}],
    'clause': "'water_network_own'"}) }}
with candidates as (
    select
        l.from_point_id, l.to_point_id, l.travel_hours, u.factor_code, u.maturity, u.observed_at as upstream_observed_at,
        u.value as upstream_value, d.observed_at, d.value, d.month, d.source, d._load_id, d._row_no,
        cast({{ ratio(seconds_between('u.observed_at', 'd.observed_at'), '3600', 6) }} as decimal(18, 6)) as lag_hours
    from {{ ref('dim_point_link') }} as l
    inner join {{ ref('fct_water_peak') }} as u
        on l.to_point_id = u.point_id and {{ in_force(date_of('u.observed_at'), 'l.') }}
    {{ join_water_rule('peak_search_factor', 'f', date_of('u.observed_at')) }}
    inner join {{ ref('fct_water_peak') }} as d
        on l.from_point_id = d.point_id and u.factor_code = d.factor_code and u.maturity = d.maturity
        and d.observed_at >= u.observed_at
        and {{ seconds_between('u.observed_at', 'd.observed_at') }} <= l.travel_hours * f.value * 3600
    where l.link_kind = 'upstream'
),

ranked as (
    select
        c.*,
        row_number() over (
            partition by from_point_id, to_point_id, factor_code, maturity, upstream_observed_at
            order by abs(lag_hours - travel_hours), observed_at
        ) as rank_up,
        row_number() over (
            partition by from_point_id, to_point_id, factor_code, maturity, observed_at
            order by abs(lag_hours - travel_hours), upstream_observed_at
        ) as rank_down
    from candidates as c
)

select
    r.from_point_id, r.to_point_id, r.factor_code, r.upstream_observed_at, r.observed_at, r.maturity, r.upstream_value, r.value,
    r.travel_hours, r.lag_hours, abs(r.lag_hours - r.travel_hours) <= t.value as is_as_expected, r.month, r.source, r._load_id, r._row_no
from ranked as r
{{ join_water_rule('peak_lag_tolerance_hours', 't', date_of('r.observed_at')) }}
where r.rank_up = 1 and r.rank_down = 1
