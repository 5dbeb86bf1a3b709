-- grain: one row: our hourly AQI, daily maximum 8 h ozone and 24 h PM2.5 against the published ones
-- An hour is compared when its seven lines (AQI and six pollutants) came whole, and the station tells an AQI.
with lines as (
    select observed_at, count(distinct concat(factor_code, statistic)) as line_count
    from fct_reading
    where source = 'air_bulletin_hourly'
        and ((statistic = 'mean' and averaging_minutes = 60) or statistic = 'published_aqi')
    group by observed_at
),

hours as (
    select
        h.point_id, h.observed_at, h.aqi, h.published_aqi,
        case
            when coalesce(l.line_count, 0) = 0 then 'no_line_of_the_hour'
            when l.line_count < 7 then 'lines_of_the_hour_not_whole'
            when h.published_aqi is null and h.aqi is null then 'nothing_told'
            when h.published_aqi is null then 'no_published_aqi'
            when h.aqi is null then 'no_concentration'
        end as skipped
    from fct_air_hour as h
    left join lines as l on h.observed_at = l.observed_at
),

aqi as (
    select
        sum(case when skipped is null then 1 else 0 end) as aqi_compared,
        sum(case when skipped is null and aqi = published_aqi then 1 else 0 end) as aqi_equal,
        sum(case when skipped is null and abs(aqi - published_aqi) = 1 then 1 else 0 end) as aqi_off_by_one,
        sum(case when skipped is null and abs(aqi - published_aqi) > 1 then 1 else 0 end) as aqi_worse
    from hours
),

unequal as (
    select point_id, observed_at, aqi, published_aqi
    from hours
    where skipped is null and aqi <> published_aqi
    order by abs(aqi - published_aqi) desc, point_id, observed_at
    limit 20
),

published as (
    select
        point_id, observed_at,
        max(case when statistic = 'published_o3_8h_24h' then value end) as mda8,
        max(case when statistic = 'published_pm25_24h' then value end) as pm25_24h
    from fct_reading
    where source = 'air_bulletin_hourly' and statistic in ('published_o3_8h_24h', 'published_pm25_24h')
    group by point_id, observed_at
),

-- the running maximum that stands at hour 24 of a day is that day's maximum
mda8 as (
    select round_even(d.o3_max_8h_ug_m3, 0) as ours, p.mda8 as theirs, d.o3_hour_count = 24 as is_whole
    from int_air_day as d
    inner join published as p
        on d.point_id = p.point_id and p.observed_at = d.air_date + interval '24' hour
    inner join air_regime as g on d.regime = g.regime
        and d.air_date >= g.valid_from and (g.valid_to is null or d.air_date < g.valid_to)
    where d.is_chosen and d.is_o3_valid and p.mda8 is not null
),

pm25 as (
    select
        point_id, observed_at,
        sum(pm25_ug_m3) over last_24 as total,
        count(pm25_ug_m3) over last_24 as hour_count
    from int_air_hour
    window last_24 as (
        partition by point_id, maturity order by observed_at
        range between interval '23' hour preceding and current row
    )
),

pm25_compared as (
    select round_even(cast(m.total as double) / m.hour_count, 0) as ours, p.pm25_24h as theirs
    from pm25 as m
    inner join published as p on m.point_id = p.point_id and m.observed_at = p.observed_at
    inner join (select regime, value from air_rule where rule = 'day_min_hours' and regime = 'regime_2012') as r
        on m.hour_count >= r.value
    where p.pm25_24h is not null
)

select
    a.aqi_compared, a.aqi_equal, a.aqi_off_by_one, a.aqi_worse,
    (
        select cast(to_json(map_from_entries(list((skipped, told) order by skipped))) as varchar)
        from (select skipped, count(*) as told from hours where skipped is not null group by skipped) as s
    ) as aqi_skipped_by_reason_json,
    (
        select cast(to_json(list({
            'point': point_id, 'at': cast(observed_at as varchar), 'ours': aqi, 'published': published_aqi
        } order by point_id, observed_at)) as varchar)
        from unequal
    ) as aqi_unequal_json,
    (select count(*) from mda8) as mda8_compared,
    (select sum(case when ours = theirs then 1 else 0 end) from mda8) as mda8_equal,
    (select sum(case when abs(ours - theirs) <= 1 then 1 else 0 end) from mda8) as mda8_within_1,
    -- the centre knows hours that its files leave blank: a day without a blank shows the rule alone
    (select sum(case when is_whole then 1 else 0 end) from mda8) as mda8_whole_day_compared,
    (select sum(case when is_whole and ours = theirs then 1 else 0 end) from mda8) as mda8_whole_day_equal,
    (select count(*) from pm25_compared) as pm25_24h_compared,
    (select sum(case when ours = theirs then 1 else 0 end) from pm25_compared) as pm25_24h_equal,
    (select sum(case when abs(ours - theirs) <= 1 then 1 else 0 end) from pm25_compared) as pm25_24h_within_1
from aqi as a
