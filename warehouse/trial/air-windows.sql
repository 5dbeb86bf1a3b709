-- grain: one row: our running ozone means and 24 h PM10 against the published columns, and runs of frozen values
-- The bulletin's O3_8h: hours 8 to 24 are trailing 8 h means, hours 1 to 7 the mean since hour 1; O3_8h_24h is its running
-- maximum since hour 1, and at hour 24 the day's value, the maximum of the windows ending at 08 to 24. Compared are the hours of
-- which our files hold every hour of the window: the centre knows hours that its files leave blank. Beside them, under `_valid_`,
-- the hours with the 6 of 8 that the rule asks for.
with published as (
    select
        point_id, observed_at,
        max(case when statistic = 'published_o3_8h' then value end) as o3_8h,
        max(case when statistic = 'published_o3_8h_24h' then value end) as o3_8h_24h,
        max(case when statistic = 'published_pm10_24h' then value end) as pm10_24h
    from fct_reading
    where source = 'air_bulletin_hourly' and statistic in ('published_o3_8h', 'published_o3_8h_24h', 'published_pm10_24h')
    group by point_id, observed_at
),

hours as (
    select
        h.point_id, h.maturity, h.air_date, h.observed_at, h.hour_no, h.o3_8h_count,
        h.o3_8h_count = least(h.hour_no, 8) as is_whole,
        h.o3_8h_count >= r.value as is_valid,
        h.hour_no >= f.value as is_day_window,
        case when h.o3_8h_count > 0 then round_even(cast(h.o3_8h_sum_ug_m3 as double) / h.o3_8h_count, 0) end as ours,
        count(h.o3_ug_m3) over since_one = h.hour_no as is_whole_day,
        p.o3_8h, p.o3_8h_24h
    from int_air_hour as h
    inner join published as p on h.point_id = p.point_id and h.observed_at = p.observed_at
    inner join (select value from air_rule where rule = 'o3_window_min_hours' and regime = 'regime_2012') as r on true
    inner join (select value from air_rule where rule = 'o3_first_window_hour' and regime = 'regime_2012') as f on true
    window since_one as (
        partition by h.point_id, h.maturity, h.air_date order by h.hour_no rows between unbounded preceding and current row
    )
),

running as (
    select
        *,
        max(ours) over since_one as running_max,
        max(case when is_day_window then ours end) over since_one as day_max,
        count(*) over since_one as told_hours
    from hours
    window since_one as (
        partition by point_id, maturity, air_date order by hour_no rows between unbounded preceding and current row
    )
),

ozone as (
    select
        count(*) filter (where is_whole and o3_8h is not null) as o3_8h_compared,
        count(*) filter (where is_whole and o3_8h is not null and ours = o3_8h) as o3_8h_equal,
        count(*) filter (where is_whole and o3_8h is not null and abs(ours - o3_8h) <= 1) as o3_8h_within_1,
        count(*) filter (where is_valid and o3_8h is not null) as o3_8h_valid_compared,
        count(*) filter (where is_valid and ours = o3_8h) as o3_8h_valid_equal,
        count(*) filter (where not is_valid and hour_no >= 8 and o3_8h is not null) as o3_8h_published_short_of_hours,
        count(*) filter (where is_whole_day and told_hours = hour_no and o3_8h_24h is not null) as o3_8h_24h_compared,
        count(*) filter (where is_whole_day and told_hours = hour_no and case when hour_no = 24 then day_max else running_max end = o3_8h_24h) as o3_8h_24h_equal
    from running
),

pm10 as (
    select
        point_id, observed_at,
        sum(pm10_ug_m3) over last_24 as total,
        count(pm10_ug_m3) over last_24 as hour_count
    from int_air_hour
    window last_24 as (
        partition by point_id, maturity order by observed_at
        range between interval '23' hour preceding and current row
    )
),

pm10_compared as (
    select round_even(cast(m.total as double) / m.hour_count, 0) as ours, p.pm10_24h as theirs
    from pm10 as m
    inner join published as p on m.point_id = p.point_id and m.observed_at = p.observed_at
    inner join (select value from air_rule where rule = 'day_min_hours' and regime = 'regime_2012') as r
        on m.hour_count >= r.value
    where p.pm10_24h is not null
),

-- the mark stands on the readings from the rule's last hour on: marked hours side by side are one run
frozen as (
    select
        factor_code, observed_at,
        lag(observed_at) over (partition by point_id, factor_code, maturity order by observed_at) as before_at
    from fct_reading
    where source = 'air_bulletin_hourly' and concat(',', flag_rule, ',') like '%,stuck,%'
),

runs as (
    select factor_code, count(*) as run_count
    from frozen
    where before_at is null or observed_at > before_at + interval '1' hour
    group by factor_code
)

select
    o.*,
    (select count(*) from pm10_compared) as pm10_24h_compared,
    (select count(*) filter (where ours = theirs) from pm10_compared) as pm10_24h_equal,
    (select count(*) filter (where abs(ours - theirs) <= 1) from pm10_compared) as pm10_24h_within_1,
    (select coalesce(sum(run_count), 0) from runs) as stuck_runs,
    (select coalesce(cast(to_json(map_from_entries(list((factor_code, run_count) order by factor_code))) as varchar), '{}') from runs)
        as stuck_runs_by_factor_json
from ozone as o
