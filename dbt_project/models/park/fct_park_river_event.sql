-- grain: from_point_id × to_point_id × factor_code × started_at × maturity
-- a run of hours in which the downstream station stands above the lagged upstream one: something entered between them.
-- A run is looked for within 168 hours, so a longer one is told in parts.
{{ config(meta={'lookback_hours': 168, 'evidence': [
    {'parent': 'fct_park_river_pair', 'label_zh': '上下游逐时比较', 'on': {'from_point_id': 'from_point_id', 'to_point_id': 'to_point_id',
        'factor_code': 'factor_code', 'maturity': 'maturity', 'observed_at >=': 'started_at', 'observed_at <=': 'ended_at'}}],
    'clause': "'park_river_watch'"}) }}
{%- set pair = 'from_point_id, to_point_id, factor_code, maturity' %}
{%- set week_hours = 168 %}
with rises as (
    select
        *,
        lag(observed_at) over (partition by {{ pair }} order by observed_at) as rise_before_at
    from {{ ref('fct_park_river_pair') }}
    where is_rise
),

-- a station observes at the END of its hour: the run starts an hour before its first row
runs as (
    select
        *,
        max(case
            when rise_before_at is null or {{ seconds_between('rise_before_at', 'observed_at') }} > 3600
                then {{ add_hours('observed_at', -1) }}
        end) over (partition by {{ pair }} order by observed_at rows between {{ week_hours }} preceding and current row) as started_at
    from rises
)

select
    r.from_point_id, r.to_point_id, r.park_code, r.town_code, r.factor_code, r.maturity, r.started_at, max(r.observed_at) as ended_at,
    {{ month_of('r.started_at') }} as month,
    count(*) as hour_count,
    max(r.difference) as max_difference,
    cast({{ mean('r.difference', 6) }} as decimal(18, 6)) as mean_difference,
    max(r.threshold_value) as threshold_value,
    concat('下游较流经时间之前的上游连续 ', cast(count(*) as varchar), ' 小时偏高，最大高出 ', {{ plain('max(r.difference)') }},
        ' 毫克/升；两站之间疑有排放，请排查') as finding_zh,
    max(r.status) as status,
    min(r.source) as source, min(r._load_id) as _load_id, min(r._row_no) as _row_no
from runs as r
left join {{ ref('park_river_rule') }} as n on r.factor_code = n.factor_code and {{ in_force(date_of('r.started_at'), 'n.') }}
where r.started_at is not null
group by r.from_point_id, r.to_point_id, r.park_code, r.town_code, r.factor_code, r.maturity, r.started_at
having count(*) >= max(n.min_run_hours)
