-- grain: mn × dialect
-- which end of its period a device's DataTime tells: hours against the mean of their 10-minute values, once with the
-- label as the start and once as the end. A device that fits the end better than the start contradicts its reading here.
with periods as (
    select
        mn, coalesce(nullif(dialect, ''), 'unknown') as dialect, cn, factor_code, data_time,
        coalesce(avg, zs_avg) as period_value
    from {{ source('raw', 'cems_hj212') }}
    where cn in ('2051', '2061') and data_time is not null and coalesce(avg, zs_avg) is not null
),

hours as (
    select mn, dialect, factor_code, data_time, max(period_value) as hour_value
    from periods where cn = '2061'
    group by mn, dialect, factor_code, data_time
),

minutes as (
    select mn, dialect, factor_code, data_time, max(period_value) as minute_value
    from periods where cn = '2051'
    group by mn, dialect, factor_code, data_time
),

placed as (
    select
        mn, dialect, factor_code, minute_value,
        cast(date_trunc('hour', data_time) as timestamp) as started_at,
        cast(date_trunc('hour', {{ add_minutes('data_time', -1) }}) as timestamp) as ended_at
    from minutes
),

as_start as (
    select mn, dialect, factor_code, started_at as hour_at, {{ mean('minute_value', 6) }} as mean_value
    from placed group by mn, dialect, factor_code, started_at
),

as_end as (
    select mn, dialect, factor_code, {{ add_hours('ended_at', 1) }} as hour_at, {{ mean('minute_value', 6) }} as mean_value
    from placed group by mn, dialect, factor_code, ended_at
),

compared as (
    select
        h.mn, h.dialect, s.mean_value is not null or e.mean_value is not null as is_compared,
        abs(h.hour_value - s.mean_value) * 100 <= abs(h.hour_value) * t.value as fits_start,
        abs(h.hour_value - e.mean_value) * 100 <= abs(h.hour_value) * t.value as fits_end
    from hours as h
    left join as_start as s
        on h.mn = s.mn and h.dialect = s.dialect and h.factor_code = s.factor_code and h.data_time = s.hour_at
    left join as_end as e
        on h.mn = e.mn and h.dialect = e.dialect and h.factor_code = e.factor_code and h.data_time = e.hour_at
    cross join (select max(value) as value from {{ ref('source_rule') }} where rule = 'hour_check_tolerance_pct') as t
),

counted as (
    select
        mn, dialect, sum(case when is_compared then 1 else 0 end) as compared_count,
        sum(case when fits_start then 1 else 0 end) as fits_start_count, sum(case when fits_end then 1 else 0 end) as fits_end_count
    from compared
    group by mn, dialect
),

told as (
    select c.*, coalesce(own.assumed_meaning, every_device.assumed_meaning, 'start') as assumed_meaning
    from counted as c
    left join {{ ref('hj212_time_meaning') }} as own
        on c.dialect = own.dialect and c.mn = own.mn and {{ in_force(date_of(as_of()), 'own.') }}
    left join {{ ref('hj212_time_meaning') }} as every_device
        on c.dialect = every_device.dialect and every_device.mn = '*' and {{ in_force(date_of(as_of()), 'every_device.') }}
)

select
    mn, dialect, assumed_meaning,
    cast(compared_count as bigint) as compared_count, cast(fits_start_count as bigint) as fits_start_count,
    cast(fits_end_count as bigint) as fits_end_count,
    case
        when compared_count = 0 then '无分钟数据，无法核对'
        when assumed_meaning = 'start' and fits_end_count > fits_start_count then '时间标记更像时段终点，与采用的起点不符'
        when assumed_meaning = 'end' and fits_start_count > fits_end_count then '时间标记更像时段起点，与采用的终点不符'
    end as finding_zh,
    (assumed_meaning = 'start' and fits_end_count > fits_start_count)
    or (assumed_meaning = 'end' and fits_start_count > fits_end_count) as is_contradicted
from told
