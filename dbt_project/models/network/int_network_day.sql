-- grain: point_id × factor_code × statistic × averaging_minutes × observed_date
-- What came for each series on each day it came. Readings are grouped once; only days that more than one maturity, origin or
-- source tells are looked at again, so that an hour told twice counts once. A load of a stated window that holds times
-- outside it, or times after as_of, tells of a clock that is wrong.
{{ config(meta={'publish': true, 'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '读数', 'on': {
        'point_id': 'point_id', 'factor_code': 'factor_code', 'statistic': 'statistic',
        'averaging_minutes': 'averaging_minutes', 'month': 'month',
        'observed_at >=': 'cast(r.observed_date as timestamp)',
        'observed_at <=': "cast(r.observed_date as timestamp) + interval '1' day"}}]}) }}
{%- set series = ['point_id', 'factor_code', 'statistic', 'averaging_minutes', 'observed_date'] %}
with kinds as (
    select
        point_id, factor_code, statistic, averaging_minutes, {{ reading_day() }} as observed_date, maturity, value_origin,
        source, _load_id, flag_device, flag_rule, flag_human is not null as is_removed,
        value is not null or qualifier is not null as is_told,
        count(*) as row_count,
        sum(case
            when extract(second from observed_at) <> 0
                or (averaging_minutes > 0 and averaging_minutes <= 60 and extract(minute from observed_at) % averaging_minutes <> 0)
                then 1 else 0
        end) as off_grid_count,
        sum(case when extract(minute from observed_at) <> 0 or extract(second from observed_at) <> 0 then 1 else 0 end)
            as off_hour_count,
        min(observed_at) as first_at,
        max(observed_at) as last_at,
        min(month) as month
    from {{ ref('fct_reading') }}
    where substr(statistic, 1, 10) <> 'published_'
    group by
        point_id, factor_code, statistic, averaging_minutes, {{ reading_day() }}, maturity, value_origin, source, _load_id,
        flag_device, flag_rule, flag_human is not null, value is not null or qualifier is not null
),

void_sets as (
    {{ void_flag_sets('kinds') }}
),

sources as (
    {{ declared_sources() }}
),

judged as (
    select
        k.*,
        k.is_told and not k.is_removed and v.is_void is null as is_valid,
        coalesce(
            (k.last_at > cast(l.window_end as timestamp)
                or (s.slice_kind = 'interval' and k.first_at < cast(l.window_start as timestamp))), false)
        or k.last_at > {{ as_of() }} as is_outside_window
    from kinds as k
    left join void_sets as v
        on k.statistic = v.statistic
        and coalesce(k.flag_device, '') = coalesce(v.flag_device, '')
        and coalesce(k.flag_rule, '') = coalesce(v.flag_rule, '')
    left join {{ source('raw', 'load_ledger') }} as l on k.source = l.source and k._load_id = l.load_id
    left join sources as s on k.source = s.source
),

contested as (
    select {{ series | join(', ') }}
    from (select distinct {{ series | join(', ') }}, maturity, value_origin, source from kinds) as d
    group by {{ series | join(', ') }}
    having count(*) > 1
),

told_again as (
    select
        c.point_id, c.factor_code, c.statistic, c.averaging_minutes, c.observed_date,
        count(distinct f.observed_at) as received_count,
        count(distinct case when f.value is not null or f.qualifier is not null then f.observed_at end) as told_count,
        count(distinct case
            when (f.value is not null or f.qualifier is not null) and f.flag_human is null and v.is_void is null
                then f.observed_at
        end) as valid_count
    from {{ ref('fct_reading') }} as f
    inner join contested as c
        on f.point_id = c.point_id and f.factor_code = c.factor_code and f.statistic = c.statistic
        and f.averaging_minutes = c.averaging_minutes
        and {{ reading_day('f.observed_at', 'f.averaging_minutes') }} = c.observed_date
    left join void_sets as v
        on f.statistic = v.statistic
        and coalesce(f.flag_device, '') = coalesce(v.flag_device, '')
        and coalesce(f.flag_rule, '') = coalesce(v.flag_rule, '')
    group by c.point_id, c.factor_code, c.statistic, c.averaging_minutes, c.observed_date
)

select
    j.point_id, j.factor_code, j.statistic, j.averaging_minutes, j.observed_date,
    cast(coalesce(max(t.received_count), sum(j.row_count)) as bigint) as received_count,
    cast(coalesce(max(t.told_count), sum(case when j.is_told then j.row_count else 0 end)) as bigint) as told_count,
    cast(coalesce(max(t.valid_count), sum(case when j.is_valid then j.row_count else 0 end)) as bigint) as valid_count,
    cast(sum(case when concat(',', j.flag_rule, ',') like '%,stuck,%' then j.row_count else 0 end) as bigint) as stuck_count,
    cast(sum(case when concat(',', j.flag_rule, ',') like '%,impossible_range,%' then j.row_count else 0 end) as bigint)
        as out_of_range_count,
    cast(sum(case when j.is_removed then j.row_count else 0 end) as bigint) as removed_count,
    cast(sum(j.off_grid_count) as bigint) as off_grid_count,
    cast(sum(j.off_hour_count) as bigint) as off_hour_count,
    max(case when j.is_outside_window then 1 else 0 end) = 1 as is_outside_window,
    max(case when j.is_told then j.last_at end) as last_observed_at,
    count(distinct concat(j.source, ':', j._load_id)) as load_count,
    min(j.month) as month
from judged as j
left join told_again as t
    on j.point_id = t.point_id and j.factor_code = t.factor_code and j.statistic = t.statistic
    and j.averaging_minutes = t.averaging_minutes and j.observed_date = t.observed_date
group by j.point_id, j.factor_code, j.statistic, j.averaging_minutes, j.observed_date
