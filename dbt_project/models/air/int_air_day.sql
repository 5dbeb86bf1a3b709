-- grain: point_id × air_date × regime × maturity
-- A statistic is computed within one maturity and carries it; every maturity that tells the day has a row, because a month
-- or year, too, is computed within one. is_chosen marks the day's own: the most mature one that has enough hours of
-- some pollutant; when none has, the one with the most hours.
{{ config(meta={'publish': true, 'lookback_hours': 0, 'evidence': [
    {'parent': 'int_air_hour', 'label_zh': '逐时浓度', 'on': {'point_id': 'point_id', 'air_date': 'air_date'}}]}) }}
with rules as (
    {{ air_rules(['day_min_hours', 'o3_window_min_hours', 'o3_first_window_hour', 'o3_day_min_windows']) }}
),

limits as (
    {{ air_limits('daily_max_8h') }}
),

-- both regimes may state the same windows: the hours are then looked at once
window_rules as (
    select distinct o3_first_window_hour, o3_window_min_hours from rules
),

-- window_hour_count is null for an hour that closes no window of the rules.
hours as (
    select
        h.*, w.o3_first_window_hour, w.o3_window_min_hours,
        case when h.hour_no >= w.o3_first_window_hour and h.o3_8h_count >= w.o3_window_min_hours then h.o3_8h_count end as window_hour_count
    from {{ ref('int_air_hour') }} as h
    cross join window_rules as w
),

-- A window of n hours is compared by its sum × (840 / n), 840 being divisible by 1 to 8: exact, and the one division is made for
-- the greatest only.
statistics as (
    select
        h.point_id, h.maturity, h.air_date, h.month, h.o3_first_window_hour, h.o3_window_min_hours,
        {{ worst_status('h.hour_status') }} as hour_status,
        count(h.so2_ug_m3) as so2_hour_count,
        count(h.no2_ug_m3) as no2_hour_count,
        count(h.co_mg_m3) as co_hour_count,
        count(h.o3_ug_m3) as o3_hour_count,
        count(h.pm10_ug_m3) as pm10_hour_count,
        count(h.pm25_ug_m3) as pm25_hour_count,
        {{ mean('h.so2_ug_m3', 6) }} as so2_mean_ug_m3,
        {{ mean('h.no2_ug_m3', 6) }} as no2_mean_ug_m3,
        {{ mean('h.co_mg_m3', 6) }} as co_mean_mg_m3,
        {{ mean('h.pm10_ug_m3', 6) }} as pm10_mean_ug_m3,
        {{ mean('h.pm25_ug_m3', 6) }} as pm25_mean_ug_m3,
        max(h.o3_ug_m3) as o3_max_1h_ug_m3,
        count(h.window_hour_count) as o3_window_count,
        max(cast(h.o3_8h_sum_ug_m3 as decimal(18, 6)) * cast({{ int_div('840', 'h.window_hour_count') }} as decimal(3, 0)))
            as o3_max_sum_840
    from hours as h
    group by h.point_id, h.maturity, h.air_date, h.month, h.o3_first_window_hour, h.o3_window_min_hours
),

by_maturity as (
    select
        s.*, r.regime, r.day_min_hours, r.o3_day_min_windows,
        {{ ratio('s.o3_max_sum_840', '840', 6) }} as o3_max_8h_ug_m3
    from statistics as s
    inner join rules as r
        on s.o3_first_window_hour = r.o3_first_window_hour and s.o3_window_min_hours = r.o3_window_min_hours
),

ranked as (
    select
        b.*,
        row_number() over (
            partition by b.point_id, b.air_date, b.regime
            order by
                case when greatest(b.so2_hour_count, b.no2_hour_count, b.co_hour_count, b.o3_hour_count,
                    b.pm10_hour_count, b.pm25_hour_count) >= b.day_min_hours then 0 else 1 end,
                case when greatest(b.so2_hour_count, b.no2_hour_count, b.co_hour_count, b.o3_hour_count,
                    b.pm10_hour_count, b.pm25_hour_count) >= b.day_min_hours then coalesce(p.rank_no, 99)
                    else -greatest(b.so2_hour_count, b.no2_hour_count, b.co_hour_count, b.o3_hour_count,
                        b.pm10_hour_count, b.pm25_hour_count) end,
                coalesce(p.rank_no, 99), b.maturity
        ) as rank_no
    from by_maturity as b
    left join {{ ref('reading_priority') }} as p
        on p.purpose = 'evaluation' and p.aspect = 'maturity' and p.code = b.maturity
)

select
    r.point_id, r.air_date, r.regime, r.month, r.maturity, r.rank_no = 1 as is_chosen,
    r.day_min_hours, r.o3_day_min_windows,
    r.so2_hour_count, r.no2_hour_count, r.co_hour_count, r.o3_hour_count, r.pm10_hour_count, r.pm25_hour_count,
    r.o3_window_count,
    r.so2_mean_ug_m3, r.no2_mean_ug_m3, r.co_mean_mg_m3, r.pm10_mean_ug_m3, r.pm25_mean_ug_m3,
    r.o3_max_8h_ug_m3, r.o3_max_1h_ug_m3,
    -- too few windows still count when the maximum exceeds the limit anyway (HJ 663, 6.1.2)
    r.o3_window_count >= r.o3_day_min_windows or coalesce(r.o3_max_8h_ug_m3 > l.limit_value, false) as is_o3_valid,
    case
        when r.o3_window_count < r.o3_day_min_windows and r.o3_max_8h_ug_m3 > l.limit_value then l.status
        else 'verified'
    end as o3_status,
    coalesce(r.hour_status, 'verified') as hour_status
from ranked as r
left join limits as l
    on r.regime = l.regime and l.factor_code = 'O3' and {{ in_force('r.air_date', 'l.') }}
