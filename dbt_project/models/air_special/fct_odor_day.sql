-- grain: point_id × date_day
-- whether an odour station was watching on a day, and in which maturity that day is judged; a day without values is no day without odour
{{ config(meta={'evidence': [
    {'parent': 'fct_reading', 'label_zh': '异味站 5 分钟读数', 'on': {'point_id': 'point_id', 'observed_at >': 'date_day',
        'observed_at <=': "cast(date_day + interval '1' day as timestamp)", 'statistic': "'mean'", 'averaging_minutes': '5'}},
    {'parent': 'fct_odor_episode', 'label_zh': '异味过程', 'on': {'point_id': 'point_id', 'started_at >=': 'date_day',
        'started_at <': "cast(date_day + interval '1' day as timestamp)"}}], 'lookback_hours': 24}) }}
with effective as (
    {{ effective_reading('evaluation', "averaging_minutes = 5 and statistic = 'mean'
        and substr(point_id, 1, 9) = 'air_odor:'", ['maturity']) }}
),

counted as (
    select
        e.point_id, e.maturity, {{ day_of_interval('e.observed_at') }} as date_day,
        count(distinct case when e.effective_value is not null then e.observed_at end) as value_count
    from effective as e
    inner join {{ ref('odor_threshold') }} as t
        on e.factor_code = t.factor_code and {{ in_force(day_of_interval('e.observed_at'), 't.') }}
    group by e.point_id, e.maturity, {{ day_of_interval('e.observed_at') }}
),

ranked as (
    select
        c.*,
        row_number() over (
            partition by c.point_id, c.date_day
            order by case when c.value_count = 0 then 1 else 0 end, coalesce(k.rank_no, 99), c.maturity
        ) as rank_no
    from counted as c
    left join {{ ref('reading_priority') }} as k
        on k.purpose = 'evaluation' and k.aspect = 'maturity' and k.code = c.maturity
),

started as (
    select point_id, maturity, {{ date_of('started_at') }} as date_day, count(*) as episode_count
    from {{ ref('fct_odor_episode') }}
    group by point_id, maturity, {{ date_of('started_at') }}
)

select
    r.point_id, r.date_day, r.maturity, r.value_count,
    coalesce(s.episode_count, 0) as episode_count,
    {{ month_of('r.date_day') }} as month
from ranked as r
left join started as s on r.point_id = s.point_id and r.maturity = s.maturity and r.date_day = s.date_day
where r.rank_no = 1
