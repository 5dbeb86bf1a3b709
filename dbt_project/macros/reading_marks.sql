{#- Rule marks of the readings of some staging models (seed family reading_check): range, jump, stuck, PM10 below PM2.5; only
    readings that carry one. Columns: the key of a reading, and flag_rule.
    The stuck check looks back 24 readings, which is the longest run a row of reading_check may ask for.
    Neighbours of a series of instants (averaging 0) are those as far apart as its row `interval` says.
    Series are numbered for the windows only: sorting seven texts a row would cost six times the memory.
    by_month: the model is built month by month (meta by_month), each with the day before it. -#}
{% macro reading_marks(model_names, by_month=false) -%}
{%- set key = ['point_id', 'factor_code', 'statistic', 'averaging_minutes', 'maturity', 'value_origin', 'source'] -%}
{%- set readings -%}
(
        select {{ key | join(', ') }}, observed_at, value
        from (
            {{ jianhu.union_models(model_names, jianhu.reading_columns()) }}
        ) as u
        {% if by_month %}where u.observed_at > {{ jianhu.batch_read_from() }} and u.observed_at <= {{ jianhu.batch_to() }}{% endif %}
    )
{%- endset -%}
with checks as (
    select
        factor_code, statistic, averaging_minutes,
        max(case when flag = 'impossible_range' then low_value end) as low_value,
        max(case when flag = 'impossible_range' then high_value end) as high_value,
        max(case when flag = 'jump' then threshold end) as jump_threshold,
        max(case when flag = 'stuck' then threshold end) as stuck_count,
        coalesce(max(case when flag = 'interval' then threshold end), averaging_minutes) as interval_minutes,
        max(case when flag = 'pm10_below_pm25' then 1 else 0 end) as compares_particles
    from {{ ref('int_reading_check') }}
    group by factor_code, statistic, averaging_minutes
),

told as (
    select distinct {{ key | join(', ') }}
    from {{ readings }} as r
),

series as (
    select
        t.*,
        row_number() over (order by {% for k in key %}t.{{ k }}{{ ', ' if not loop.last }}{% endfor %}) as series_no,
        c.low_value, c.high_value, c.jump_threshold, c.stuck_count, c.interval_minutes, c.compares_particles
    from told as t
    inner join checks as c
        on t.factor_code = c.factor_code
        and t.statistic = c.statistic
        and t.averaging_minutes = c.averaging_minutes
),

judged as (
    select s.series_no, r.observed_at, r.value
    from {{ readings }} as r
    inner join series as s
        on {% for k in key %}r.{{ k }} = s.{{ k }}{{ ' and ' if not loop.last }}{% endfor %}
),

beside as (
    select
        series_no, observed_at, value,
        lag(value) over (partition by series_no order by observed_at) as value_before,
        lag(observed_at) over (partition by series_no order by observed_at) as observed_before
    from judged
),

compared as (
    select
        b.series_no, b.observed_at, b.value, b.value_before,
        {{ jianhu.seconds_between('b.observed_before', 'b.observed_at') }} = 60 * s.interval_minutes as is_adjacent,
        case
            when b.value is not null and b.value = b.value_before
                and {{ jianhu.seconds_between('b.observed_before', 'b.observed_at') }} = 60 * s.interval_minutes
                then cast(null as timestamp)
            else b.observed_at
        end as changed_at
    from beside as b
    inner join series as s on b.series_no = s.series_no
),

run_lengths as (
    select
        series_no, observed_at, value, value_before, is_adjacent,
        max(changed_at) over (
            partition by series_no order by observed_at rows between 24 preceding and current row
        ) as run_started_at
    from compared
),

pairs as (
    select coarse.series_no as coarse_no, fine.series_no as fine_no
    from series as coarse
    inner join series as fine
        on coarse.point_id = fine.point_id
        and coarse.statistic = fine.statistic
        and coarse.averaging_minutes = fine.averaging_minutes
        and coarse.maturity = fine.maturity
        and coarse.value_origin = fine.value_origin
        and coarse.source = fine.source
    where coarse.factor_code = 'PM10' and fine.factor_code = 'PM2_5' and coarse.compares_particles = 1
),

-- one row per pair and time by grouping: joined, all points of one time would be compared with one another
paired as (
    select p.coarse_no, r.observed_at, r.value as coarse_value, cast(null as decimal(18, 6)) as fine_value
    from judged as r
    inner join pairs as p on r.series_no = p.coarse_no
    union all
    select p.coarse_no, r.observed_at, cast(null as decimal(18, 6)) as coarse_value, r.value as fine_value
    from judged as r
    inner join pairs as p on r.series_no = p.fine_no
),

suspicious as (
    select
        r.series_no, r.observed_at,
        coalesce(r.value < s.low_value or r.value > s.high_value, false) as is_impossible,
        coalesce(r.is_adjacent and abs(r.value - r.value_before) > s.jump_threshold, false) as is_jump,
        coalesce(
            r.value is not null and s.stuck_count is not null and (r.run_started_at is null
                or {{ jianhu.seconds_between('r.run_started_at', 'r.observed_at') }}
                    >= (s.stuck_count - 1) * 60 * s.interval_minutes),
            false) as is_stuck
    from run_lengths as r
    inner join series as s on r.series_no = s.series_no
),

marks as (
    select series_no, observed_at, f.flag
    from (select * from suspicious where is_impossible or is_jump or is_stuck) as s
    inner join (select distinct flag from {{ ref('int_reading_check') }}) as f
        on (f.flag = 'impossible_range' and s.is_impossible)
        or (f.flag = 'jump' and s.is_jump)
        or (f.flag = 'stuck' and s.is_stuck)
    union all
    select coarse_no as series_no, observed_at, 'pm10_below_pm25' as flag
    from paired
    group by coarse_no, observed_at
    having max(coarse_value) < max(fine_value)
)

select
    {% for k in key %}s.{{ k }}, {% endfor %}m.observed_at,
    {{ jianhu.join_text('m.flag') }} as flag_rule
from marks as m
inner join series as s on m.series_no = s.series_no
{% if by_month -%}
where m.observed_at > {{ jianhu.batch_from() }}
{% endif -%}
group by {% for k in key %}s.{{ k }}, {% endfor %}m.observed_at
{%- endmacro %}
