-- grain: subject_id × period
-- an outlet of a park, month by month: rain, water, problems on dry days, days against the limit, first flush
with days as (
    select
        point_id, month, sum(case when factor_code = 'w01018' then load_kg end) as cod_load_kg,
        sum(case when factor_code = 'w21003' then load_kg end) as nh3n_load_kg,
        count(case when judgement in ('compliant', 'exceedance') then 1 end) as judged_day_count,
        count(case when judgement = 'exceedance' then 1 end) as exceedance_day_count,
        max(case when judgement = 'not_evaluated' then reason_zh end) as reason_zh
    from {{ ref('fct_park_day') }}
    where rank_in_day = 1
    group by point_id, month
),

hours as (
    select
        point_id, role, park_code, town_code, month, cast(sum(flow_m3_h) as decimal(18, 6)) as flow_m3, cast(sum(rain_mm) as decimal(18, 6)) as rain_mm,
        count(*) as hour_count
    from {{ ref('int_park_hour') }}
    where rank_in_hour = 1
    group by point_id, role, park_code, town_code, month
),

rain as (
    select park_code, month, max(rain_mm) as rain_mm from hours where role = 'rain_gauge' group by park_code, month
),

dry as (
    select point_id, month, count(case when is_dry then 1 end) as dry_hour_count, count(case when is_dry is null then 1 end) as unknown_hour_count
    from {{ ref('int_park_dry_hour') }}
    group by point_id, month
),

findings as (
    select point_id, month, count(*) as dry_flow_day_count, cast(sum(flow_m3) as decimal(18, 6)) as dry_flow_m3
    from {{ ref('fct_park_finding') }}
    group by point_id, month
),

flush as (
    select
        point_id, month, count(distinct started_at) as rain_event_count,
        count(case when is_first_flush then 1 end) as first_flush_count, max(first_flush_ratio) as max_first_flush_ratio
    from {{ ref('fct_park_rain_event') }}
    group by point_id, month
)

select
    case h.role when 'sewage' then 'park_sewage_compliance_pct' else 'park_dry_flow_day_count' end as indicator_code,
    h.point_id as subject_id, p.name_zh as point_name_zh, h.role, h.park_code, k.name_zh as park_name_zh, h.town_code, a.name_zh as town_name_zh,
    'month' as period_type, {{ period_label('h.month', 'month') }} as period,
    h.hour_count, h.flow_m3, coalesce(r.rain_mm, h.rain_mm) as rain_mm,
    cast(d.cod_load_kg as decimal(18, 6)) as cod_load_kg, cast(d.nh3n_load_kg as decimal(18, 6)) as nh3n_load_kg,
    d.judged_day_count, d.exceedance_day_count,
    y.dry_hour_count, y.unknown_hour_count,
    case when h.role = 'rain_pipe' then coalesce(f.dry_flow_day_count, 0) end as dry_flow_day_count,
    f.dry_flow_m3, e.rain_event_count, e.first_flush_count, e.max_first_flush_ratio,
    d.reason_zh, 'illustrative' as status
from hours as h
left join {{ ref('dim_point') }} as p on h.point_id = p.point_id and {{ in_force('h.month', 'p.') }}
left join {{ ref('dim_park') }} as k on h.park_code = k.park_code
left join {{ ref('dim_area') }} as a on h.town_code = a.area_code
left join rain as r on h.park_code = r.park_code and h.month = r.month
left join days as d on h.point_id = d.point_id and h.month = d.month
left join dry as y on h.point_id = y.point_id and h.month = y.month
left join findings as f on h.point_id = f.point_id and h.month = f.month
left join flush as e on h.point_id = e.point_id and h.month = e.month
where h.role <> 'rain_gauge'
