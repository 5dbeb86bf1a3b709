-- grain: point_id × observed_at
-- the hour made of 1-second levels by their energy mean, beside the hour that the station itself told
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'stg_noise_second_leq', 'label_zh': '1 秒等效声级', 'on': {'point_id': 'point_id',
        'observed_at >': "observed_at - interval 1 hour", 'observed_at <=': 'observed_at'}},
    {'parent': 'fct_noise_hour', 'label_zh': '站点小时值', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at'}}],
    'clause': "'hj906_2017_6'"}) }}
with seconds as (
    select
        point_id,
        {{ add_hours("date_trunc('hour', " ~ add_seconds('observed_at', '-1') ~ ")", '1') }} as observed_at,
        leq_db
    from {{ ref('stg_noise_second_leq') }}
),

hours as (
    select
        point_id, observed_at,
        cast(count(leq_db) as bigint) as second_count,
        {{ energy_mean('leq_db') }} as energy_mean_db
    from seconds
    group by point_id, observed_at
),

station as (
    select h.point_id, h.observed_at, h.maturity, h.leq_db
    from (
        select
            f.point_id, f.observed_at, f.maturity, f.leq_db,
            row_number() over (
                partition by f.point_id, f.observed_at order by coalesce(m.rank_no, 99), f.maturity
            ) as rank_in_hour
        from {{ ref('fct_noise_hour') }} as f
        left join {{ ref('reading_priority') }} as m
            on m.purpose = 'evaluation' and m.aspect = 'maturity' and m.code = f.maturity
    ) as h
    where h.rank_in_hour = 1
),

rules as (
    {{ noise_rules() }}
),

completed as (
    select
        h.point_id, h.observed_at, h.second_count, s.maturity, s.leq_db as station_leq_db, t.value as tolerance_db,
        case when h.second_count * 100 >= coalesce(c.value, 100) * 3600 then cast(h.energy_mean_db as decimal(18, 6)) end as leq_db,
        {{ worst_status_of(['c.status', 't.status']) }} as status
    from hours as h
    left join station as s on h.point_id = s.point_id and h.observed_at = s.observed_at
    left join rules as c
        on c.rule = 'second_min_share_pct' and {{ in_force(date_of('h.observed_at'), 'c.') }}
    left join rules as t
        on t.rule = 'hourly_tolerance_db' and {{ in_force(date_of('h.observed_at'), 't.') }}
)

select
    point_id, observed_at, {{ month_of(add_minutes('observed_at', '-1')) }} as month, second_count, leq_db, station_leq_db,
    maturity, cast(leq_db - station_leq_db as decimal(18, 6)) as difference_db, tolerance_db,
    abs(leq_db - station_leq_db) <= tolerance_db as is_consistent,
    case
        when leq_db is null then concat('秒值 ', cast(second_count as varchar), ' 个，不足')
        when station_leq_db is null then '站点未报该小时'
        when tolerance_db is null then '无容差，不判'
        when abs(leq_db - station_leq_db) > tolerance_db then '站点小时值与秒值能量平均不一致，请核对设备的平均方式'
    end as reason_zh,
    status
from completed
