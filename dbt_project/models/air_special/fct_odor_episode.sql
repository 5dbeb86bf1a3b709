-- grain: point_id × maturity × started_at
-- 5-minute values above a threshold, at most the seeded gap apart, are one episode; one that is too short is none. Equal to the
-- threshold is not above it. The wind is the vector mean of the episode.
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '异味站 5 分钟读数', 'on': {'point_id': 'point_id', 'maturity': 'maturity',
        'observed_at >': 'started_at', 'observed_at <=': 'ended_at', 'statistic': "'mean'", 'averaging_minutes': '5'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "averaging_minutes = 5 and statistic = 'mean'
        and substr(point_id, 1, 9) = 'air_odor:'", ['maturity']) }}
),

rules as (
    {{ air_special_rules(['odor_gap_minutes', 'odor_min_minutes', 'calm_wind_m_s']) }}
),

exceeding as (
    select
        e.point_id, e.maturity, e.observed_at, e.factor_code, e.effective_value, t.threshold_value, t.clause_id,
        {{ add_minutes('e.observed_at', '-1 * e.averaging_minutes') }} as interval_start_at
    from effective as e
    inner join {{ ref('odor_threshold') }} as t
        on e.factor_code = t.factor_code and {{ in_force(day_of_interval('e.observed_at'), 't.') }}
    where e.effective_value > t.threshold_value
),

steps as (
    select distinct point_id, maturity, observed_at, interval_start_at from exceeding
),

beside as (
    select
        s.*,
        lag(s.observed_at) over (partition by s.point_id, s.maturity order by s.observed_at) as observed_before
    from steps as s
),

marked as (
    select
        b.point_id, b.maturity, b.observed_at,
        case
            when b.observed_before is null
                or {{ seconds_between('b.observed_before', 'b.interval_start_at') }} > r.odor_gap_minutes * 60
                then b.interval_start_at
        end as start_at
    from beside as b
    inner join rules as r on {{ in_force(day_of_interval('b.observed_at'), 'r.') }}
),

runs as (
    select
        point_id, maturity, observed_at,
        max(start_at) over (
            partition by point_id, maturity order by observed_at rows between unbounded preceding and current row
        ) as started_at
    from marked
),

episodes as (
    select
        g.*, r.calm_wind_m_s
    from (
        select
            point_id, maturity, started_at, max(observed_at) as ended_at, count(*) as exceed_value_count
        from runs
        group by point_id, maturity, started_at
    ) as g
    inner join rules as r on {{ in_force(date_of('g.started_at'), 'r.') }}
    where {{ seconds_between('g.started_at', 'g.ended_at') }} >= r.odor_min_minutes * 60
),

peaks as (
    select
        p.point_id, p.maturity, p.started_at, x.factor_code, x.effective_value, x.threshold_value, x.clause_id, x.observed_at,
        {{ ratio('x.effective_value', 'x.threshold_value', 6) }} as peak_ratio
    from episodes as p
    inner join exceeding as x
        on p.point_id = x.point_id and p.maturity = x.maturity and x.observed_at > p.started_at and x.observed_at <= p.ended_at
),

highest as (
    {{ latest_by_key('peaks', ['point_id', 'maturity', 'started_at'], ['peak_ratio desc', 'observed_at asc', 'factor_code asc'],
        ['point_id', 'maturity', 'started_at', 'factor_code', 'effective_value', 'threshold_value', 'clause_id', 'peak_ratio']) }}
),

told as (
    select point_id, maturity, started_at, {{ join_text('factor_code', ',', distinct=true) }} as factor_codes
    from peaks
    group by point_id, maturity, started_at
),

winds as (
    select
        p.point_id, p.maturity, p.started_at,
        {{ mean(wind_east('w.effective_value', 'd.effective_value'), 6) }} as east,
        {{ mean(wind_north('w.effective_value', 'd.effective_value'), 6) }} as north
    from episodes as p
    inner join effective as w
        on p.point_id = w.point_id and p.maturity = w.maturity and w.factor_code = 'MET_WS'
        and w.observed_at > p.started_at and w.observed_at <= p.ended_at
    inner join effective as d
        on w.point_id = d.point_id and w.maturity = d.maturity and d.factor_code = 'MET_WD' and w.observed_at = d.observed_at
    group by p.point_id, p.maturity, p.started_at
)

select
    e.point_id, e.maturity, e.started_at, e.ended_at,
    cast({{ int_div(seconds_between('e.started_at', 'e.ended_at'), '60') }} as bigint) as duration_minutes,
    e.exceed_value_count,
    t.factor_codes,
    h.factor_code as peak_factor_code,
    h.effective_value as peak_value,
    h.threshold_value,
    cast(h.peak_ratio as decimal(18, 6)) as peak_ratio,
    cast({{ wind_from_deg('w.east', 'w.north') }} as decimal(18, 3)) as wind_from_deg,
    {{ wind_speed_of('w.east', 'w.north') }} as wind_mean_m_s,
    {{ wind_speed_of('w.east', 'w.north') }} <= e.calm_wind_m_s as is_calm,
    h.clause_id,
    'illustrative' as status,
    {{ month_of('e.started_at') }} as month
from episodes as e
inner join told as t on e.point_id = t.point_id and e.maturity = t.maturity and e.started_at = t.started_at
inner join highest as h on e.point_id = h.point_id and e.maturity = h.maturity and e.started_at = h.started_at
left join winds as w on e.point_id = w.point_id and e.maturity = w.maturity and e.started_at = w.started_at
