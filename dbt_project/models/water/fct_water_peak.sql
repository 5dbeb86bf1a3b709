-- grain: point_id × factor_code × observed_at
-- a reading above all others of the hours around it, and clearly above their mean; sections of the stored river order only
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'fct_water_item', 'label_zh': '窗口内读数', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'maturity': 'maturity', 'observed_at >=': 'window_start_at', 'observed_at <=': 'window_end_at'}}],
    'clause': "'water_network_own'"}) }}
with watched as (
    select distinct point_id from {{ ref('dim_water_river_order') }}
),

series as (
    select i.point_id, i.factor_code, i.observed_at, i.maturity, i.value, i.month, i.source, i._load_id, i._row_no
    from {{ ref('fct_water_item') }} as i
    inner join watched as w on i.point_id = w.point_id
    inner join (select distinct factor_code from {{ ref('int_water_limit') }} where comparison = 'le') as l
        on i.factor_code = l.factor_code
    where i.value is not null
),

compared as (
    select
        r.point_id, r.factor_code, r.observed_at, r.maturity, r.value, r.month, r.source, r._load_id, r._row_no,
        {{ add_hours('r.observed_at', '0 - cast(h.value as int)') }} as window_start_at,
        {{ add_hours('r.observed_at', 'cast(h.value as int)') }} as window_end_at,
        max(case when n.observed_at < r.observed_at then n.value end) as highest_before,
        max(case when n.observed_at > r.observed_at then n.value end) as highest_after,
        cast({{ mean('n.value', 6) }} as decimal(18, 6)) as mean_around
    from series as r
    {{ join_water_rule('peak_window_hours', 'h', date_of('r.observed_at')) }}
    inner join series as n
        on r.point_id = n.point_id and r.factor_code = n.factor_code and r.maturity = n.maturity
        and n.observed_at <> r.observed_at
        and abs({{ seconds_between('r.observed_at', 'n.observed_at') }}) <= h.value * 3600
    group by
        r.point_id, r.factor_code, r.observed_at, r.maturity, r.value, r.month, r.source, r._load_id, r._row_no, h.value
)

select
    c.point_id, c.factor_code, c.observed_at, c.maturity, c.value, c.mean_around, c.window_start_at, c.window_end_at, c.month,
    c.source, c._load_id, c._row_no
from compared as c
{{ join_water_rule('peak_min_ratio', 'p', date_of('c.observed_at')) }}
where c.highest_before < c.value and c.highest_after <= c.value and c.value >= {{ mul('c.mean_around', 'p.value', 6) }}
