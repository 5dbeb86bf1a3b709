-- grain: point_id × noise_date × period_kind
-- Ld and Ln of a station's day and night: energy mean of the valid hours of ONE maturity (the one that is complete,
-- else the most mature), against the limit of the zone in force on the day. `month` is that of the period's END, so that
-- a night over a month's end looks back and never ahead.
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'fct_noise_hour', 'label_zh': '小时值', 'on': {'point_id': 'point_id', 'noise_date': 'noise_date',
        'period_kind': 'period_kind'}}],
    'clause': "'gb3096_2008_t1'"}) }}
with rules as (
    {{ noise_rules() }}
),

sums as (
    select
        h.point_id, h.noise_date, h.period_kind, h.maturity,
        cast(count(h.valid_leq_db) as bigint) as valid_hour_count,
        cast(sum(case when h.is_weather_excluded then 1 else 0 end) as bigint) as excluded_hour_count,
        cast(sum(case when h.rain_mm is null or h.wind_m_s is null then 1 else 0 end) as bigint) as unknown_weather_hour_count,
        {{ energy_mean('h.valid_leq_db') }} as energy_mean_db,
        max(h.valid_lmax_db) as lmax_db,
        {{ worst_status('h.status') }} as hour_status
    from {{ ref('fct_noise_hour') }} as h
    group by h.point_id, h.noise_date, h.period_kind, h.maturity
),

complete as (
    select
        s.*, p.expected_hours,
        {{ add_hours('s.noise_date', 'p.start_hour_no') }} as started_at,
        {{ add_hours('s.noise_date', 'p.start_hour_no + p.expected_hours') }} as ended_at,
        coalesce(n.value, p.expected_hours) as required_hours,
        n.value is null as is_rule_missing,
        d.value as compare_digits,
        coalesce(m.rank_no, 99) as maturity_rank,
        {{ worst_status_of(['s.hour_status', 'p.status', 'n.status', 'd.status']) }} as rule_status
    from sums as s
    inner join {{ ref('noise_period') }} as p
        on s.period_kind = p.period_kind and {{ in_force('s.noise_date', 'p.') }}
    left join rules as n
        on n.rule = concat(s.period_kind, '_min_hours') and {{ in_force('s.noise_date', 'n.') }}
    left join rules as d
        on d.rule = 'compare_digits' and {{ in_force('s.noise_date', 'd.') }}
    left join {{ ref('reading_priority') }} as m
        on m.purpose = 'evaluation' and m.aspect = 'maturity' and m.code = s.maturity
),

chosen as (
    select *
    from (
        select
            c.*,
            row_number() over (
                partition by c.point_id, c.noise_date, c.period_kind
                order by case when c.valid_hour_count >= c.required_hours then 0 else 1 end, c.maturity_rank, c.maturity
            ) as rank_in_period
        from complete as c
    ) as ranked
    where rank_in_period = 1
),

levels as (
    select
        c.*, z.zone_code, z.town_code, z.name_zh as station_name,
        case when c.period_kind = 'day' then l.day_limit_db else l.night_limit_db end as limit_db,
        case when c.period_kind = 'night' then l.night_limit_db + l.night_max_excess_db end as lmax_limit_db,
        l.clause_id,
        case when c.valid_hour_count >= c.required_hours then cast(c.energy_mean_db as decimal(18, 6)) end as leq_db,
        {{ worst_status_of(['c.rule_status', 'l.status']) }} as row_status
    from chosen as c
    left join {{ ref('dim_point') }} as z
        on c.point_id = z.point_id and {{ in_force('c.noise_date', 'z.') }}
    left join {{ ref('noise_limit') }} as l
        on z.zone_code = l.zone_code and {{ in_force('c.noise_date', 'l.') }}
),

rounded as (
    select *, cast({{ air_rounded('leq_db', 'compare_digits') }} as decimal(18, 6)) as leq_rounded_db
    from levels
)

select
    point_id, noise_date, period_kind, station_name, town_code, zone_code, started_at, ended_at,
    {{ month_of(add_minutes('ended_at', '-1')) }} as month,
    maturity, cast(expected_hours as bigint) as expected_hour_count, cast(required_hours as bigint) as required_hour_count,
    valid_hour_count, excluded_hour_count, unknown_weather_hour_count, leq_db, leq_rounded_db, limit_db,
    leq_rounded_db <= limit_db as is_compliant,
    case when leq_rounded_db > limit_db then cast(leq_rounded_db - limit_db as decimal(18, 6)) end as exceedance_db,
    lmax_db, lmax_limit_db,
    case when valid_hour_count >= required_hours then lmax_db <= lmax_limit_db end as is_lmax_compliant,
    case
        when leq_db is null and is_rule_missing then '未评价（缺有效小时数规定）'
        when leq_db is null then '未评价（有效小时不足）'
        when zone_code is null then '未评价（缺功能区）'
        when limit_db is null then '未评价（缺标准）'
        when leq_rounded_db <= limit_db then '达标'
        else '超标'
    end as judgement_zh,
    case
        when leq_db is null
            then concat('有效 ', cast(valid_hour_count as varchar), ' 小时，应不少于 ',
                cast(cast(required_hours as int) as varchar), ' 小时；气象剔除 ', cast(excluded_hour_count as varchar), ' 小时')
        when zone_code is null then '点位名录未写当日的功能区类别'
        when limit_db is null then concat('功能区 ', zone_code, ' 无当日有效的限值')
        when excluded_hour_count > 0 then concat('气象剔除 ', cast(excluded_hour_count as varchar), ' 小时')
        when unknown_weather_hour_count > 0 then concat(cast(unknown_weather_hour_count as varchar), ' 小时雨量或风速缺报，未作剔除')
    end as reason_zh,
    clause_id, row_status as status
from rounded
