-- grain: point_id
-- every outfall of the list and every monitored point as of the build: a monitor, or a reason for none; what is neither is a gap
{{ config(meta={'evidence': [
    {'parent': 'stg_sea_outfall_register', 'label_zh': '直排海口清单', 'on': {'outfall_code': 'outfall_code'}},
    {'parent': 'fct_reading', 'label_zh': '最近读数', 'on': {'point_id': 'point_id', 'observed_at': 'last_at'}}],
    'clause': "'sea_outfall_watch'"}) }}
with listed as (
    select
        concat('sea_outfall:', r.outfall_code) as point_id, r.outfall_code, r.name_zh, r.outfall_type, r.town_code, r.longitude, r.latitude,
        r.operator_name, r.no_monitor_reason
    from {{ ref('stg_sea_outfall_register') }} as r
    where {{ in_force(date_of(as_of()), 'r.') }}
),

monitored as (
    select point_id, point_code, name_zh, town_code, valid_from
    from {{ ref('dim_point') }} as d
    where d.medium = 'sea_outfall' and {{ in_force(date_of(as_of()), 'd.') }}
),

last_told as (
    select point_id, max(observed_at) as last_at
    from {{ ref('fct_reading') }}
    where point_id like 'sea_outfall:%' and value is not null
    group by point_id
),

joined as (
    select
        coalesce(l.point_id, m.point_id) as point_id, coalesce(l.outfall_code, m.point_code) as outfall_code,
        coalesce(l.name_zh, m.name_zh) as name_zh, l.outfall_type, coalesce(l.town_code, m.town_code) as town_code, l.longitude, l.latitude,
        l.operator_name, l.no_monitor_reason, l.point_id is not null as is_listed, m.point_id is not null as has_monitor, m.valid_from as monitor_from,
        t.last_at, r.value as silent_days
    from listed as l
    full outer join monitored as m on l.point_id = m.point_id
    left join last_told as t on coalesce(l.point_id, m.point_id) = t.point_id
    left join {{ ref('sea_outfall_rule') }} as r on r.rule = 'silent_days' and {{ in_force(date_of(as_of()), 'r.') }}
),

judged as (
    select
        j.*,
        case
            when not j.is_listed then 'monitor_not_listed'
            when not j.has_monitor and j.no_monitor_reason is null then 'no_monitor_no_reason'
            when j.longitude is null or j.latitude is null then 'no_location'
            when j.has_monitor and {{ days_between('coalesce(' ~ date_of('j.last_at') ~ ', j.monitor_from)', date_of(as_of())) }} > j.silent_days then 'monitor_silent'
        end as gap_kind
    from joined as j
)

select
    point_id, outfall_code, name_zh, outfall_type, town_code, longitude, latitude, operator_name, is_listed, has_monitor, no_monitor_reason, last_at, gap_kind,
    case gap_kind
        when 'monitor_not_listed' then '监测点不在直排海口清单：请补录清单'
        when 'no_monitor_no_reason' then '清单上的口门既无监测也无不设监测的理由：请设监测或说明理由'
        when 'no_location' then '清单缺经纬度：请补测'
        when 'monitor_silent' then '监测点久无数据：请查明并补报'
    end as gap_zh
from judged
