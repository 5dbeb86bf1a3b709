-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity × value_origin × source
-- Only readings that carry a mark. The marks change no value; seed flag_effect says what they void.
-- The stuck check looks back 24 readings, which is the longest run a row of reading_check may ask for.
{{ config(contract={'enforced': false}, meta={'publish': false, 'lookback_hours': 24}) }}
{%- set key = ['point_id', 'factor_code', 'statistic', 'averaging_minutes', 'observed_at', 'maturity', 'value_origin', 'source'] %}
{%- set series = ['point_id', 'factor_code', 'statistic', 'averaging_minutes', 'maturity', 'value_origin', 'source'] %}
with readings as (
    {{ union_models(var('reading_models'), reading_columns()) }}
),

checks as (
    select
        factor_code, statistic, averaging_minutes,
        max(case when flag = 'impossible_range' then low_value end) as low_value,
        max(case when flag = 'impossible_range' then high_value end) as high_value,
        max(case when flag = 'jump' then threshold end) as jump_threshold,
        max(case when flag = 'stuck' then threshold end) as stuck_count,
        max(case when flag = 'pm10_below_pm25' then 1 else 0 end) as compares_particles
    from {{ ref('reading_check') }}
    group by factor_code, statistic, averaging_minutes
),

judged as (
    select
        {% for k in key %}r.{{ k }}, {% endfor %}r.value,
        c.low_value, c.high_value, c.jump_threshold, c.stuck_count, c.compares_particles
    from readings as r
    inner join checks as c
        on r.factor_code = c.factor_code
        and r.statistic = c.statistic
        and r.averaging_minutes = c.averaging_minutes
),

beside as (
    select
        *,
        lag(value) over (partition by {{ series | join(', ') }} order by observed_at) as value_before,
        lag(observed_at) over (partition by {{ series | join(', ') }} order by observed_at) as observed_before
    from judged
),

compared as (
    select
        *,
        {{ seconds_between('observed_before', 'observed_at') }} = 60 * averaging_minutes as is_adjacent,
        case
            when value is not null and value = value_before
                and {{ seconds_between('observed_before', 'observed_at') }} = 60 * averaging_minutes
                then cast(null as timestamp)
            else observed_at
        end as changed_at
    from beside
),

run_lengths as (
    select
        *,
        max(changed_at) over (
            partition by {{ series | join(', ') }} order by observed_at rows between 24 preceding and current row
        ) as run_started_at
    from compared
),

particles as (
    select
        coarse.point_id, coarse.observed_at, coarse.averaging_minutes, coarse.statistic, coarse.maturity,
        coarse.value_origin, coarse.source, coarse.factor_code
    from judged as coarse
    inner join judged as fine
        on coarse.point_id = fine.point_id
        and coarse.observed_at = fine.observed_at
        and coarse.statistic = fine.statistic
        and coarse.averaging_minutes = fine.averaging_minutes
        and coarse.maturity = fine.maturity
        and coarse.value_origin = fine.value_origin
        and coarse.source = fine.source
    where coarse.factor_code = 'PM10' and fine.factor_code = 'PM2_5'
        and coarse.compares_particles = 1 and coarse.value < fine.value
),

marks as (
    select {{ key | join(', ') }}, 'impossible_range' as flag
    from run_lengths
    where value < low_value or value > high_value
    union all
    select {{ key | join(', ') }}, 'jump' as flag
    from run_lengths
    where is_adjacent and abs(value - value_before) > jump_threshold
    union all
    select {{ key | join(', ') }}, 'stuck' as flag
    from run_lengths
    where value is not null
        and (run_started_at is null
            or {{ seconds_between('run_started_at', 'observed_at') }} >= (stuck_count - 1) * 60 * averaging_minutes)
    union all
    select {{ key | join(', ') }}, 'pm10_below_pm25' as flag
    from particles
)

select {{ key | join(', ') }}, {{ join_text('flag') }} as flag_rule
from marks
group by {{ key | join(', ') }}
