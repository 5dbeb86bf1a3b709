-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- towns and the district by month; every month that any of the feeds has told has a row for every area
{% set month_rows = {'month >=': 'period_start_date', 'month <': 'period_end_date'} -%}
{% set by_town = {'town_code in': "case when length(r.subject_id) = 6 then (select string_agg(a.area_code, ',') from build.dim_area a where a.parent_code = r.subject_id) else r.subject_id end"} -%}
{% set by_home = {'registered_town_code in': "case when length(r.subject_id) = 6 then (select string_agg(a.area_code, ',') from build.dim_area a where a.parent_code = r.subject_id) else r.subject_id end"} -%}
{{ config(meta={'evidence': [
    {'parent': 'fct_obd_vehicle_month', 'label_zh': '车辆月', 'on': dict(month_rows, **by_town),
        'when': "indicator_code in ('mobile_obd_installed_pct', 'mobile_obd_online_pct')"},
    {'parent': 'fct_high_emitter', 'label_zh': '高排放列入', 'on': dict(month_rows, **by_home), 'when': "indicator_code = 'mobile_high_emitter_count'"},
    {'parent': 'fct_gate_breach', 'label_zh': '门禁判定', 'on': dict(month_rows, **by_town), 'when': "indicator_code = 'mobile_gate_breach_count'"},
    {'parent': 'fct_dust_day', 'label_zh': '工地日', 'on': dict(month_rows, **{'point_id in':
        "(select string_agg(s.point_id, ',') from build.dim_dust_site s where s.town_code = r.subject_id or length(r.subject_id) = 6)"}),
        'when': "indicator_code = 'dust_peak_count'"},
    {'parent': 'fct_camera_day', 'label_zh': '视频日', 'on': dict(month_rows, **by_town), 'when': "indicator_code = 'dust_camera_online_pct'"}]}) }}
with areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

-- numerator and denominator by town and month; a count has no denominator; basis rows say whether the feed told the month
measured as (
    select
        town_code, month, 'mobile_obd_installed_pct' as indicator_code,
        cast(count(case when is_obd_required and is_installed then 1 end) as decimal(18, 6)) as numerator,
        cast(count(case when is_obd_required then 1 end) as decimal(18, 6)) as denominator,
        count(case when is_obd_required then 1 end) as expected_count, count(case when is_obd_required then 1 end) as observed_count
    from {{ ref('fct_obd_vehicle_month') }}
    where is_registered
    group by town_code, month
    union all
    select
        town_code, month, 'mobile_obd_online_pct', cast(count(case when is_installed and is_seen then 1 end) as decimal(18, 6)),
        cast(count(case when is_installed then 1 end) as decimal(18, 6)), count(case when is_installed then 1 end),
        count(case when is_installed and is_seen then 1 end)
    from {{ ref('fct_obd_vehicle_month') }}
    where is_registered
    group by town_code, month
    union all
    select
        registered_town_code, month, 'mobile_high_emitter_count', cast(count(distinct vehicle_id) as decimal(18, 6)),
        cast(null as decimal(18, 6)), count(*), count(*)
    from {{ ref('fct_high_emitter') }}
    group by registered_town_code, month
    union all
    select
        town_code, month, 'mobile_gate_breach_count', cast(count(case when is_breach then 1 end) as decimal(18, 6)),
        cast(null as decimal(18, 6)), count(*), count(is_breach)
    from {{ ref('fct_gate_breach') }}
    group by town_code, month
    union all
    select
        s.town_code, d.month, 'dust_peak_count', cast(count(case when d.is_peak then 1 end) as decimal(18, 6)),
        cast(null as decimal(18, 6)), count(*), count(d.is_peak)
    from {{ ref('fct_dust_day') }} as d
    inner join {{ ref('dim_dust_site') }} as s on d.point_id = s.point_id
    group by s.town_code, d.month
    union all
    select
        town_code, month, 'dust_camera_online_pct', cast(sum(online_seconds) as decimal(18, 6)), cast(sum(due_seconds) as decimal(18, 6)),
        count(*), count(case when unknown_seconds < due_seconds then 1 end)
    from {{ ref('fct_camera_day') }}
    group by town_code, month
),

-- months in which a feed told anything: without any telling an area has no row, and a count of nothing is no zero
told_month as (
    select distinct month, 'mobile_high_emitter_count' as indicator_code from {{ ref('fct_mobile_event') }} where event_kind = 'remote_sensing'
    union distinct
    select distinct month, 'mobile_gate_breach_count' from {{ ref('fct_mobile_event') }} where event_kind = 'gate_access'
    union distinct
    select distinct month, indicator_code from measured
),

summed as (
    select
        a.area_code, a.area_type, t.month, t.indicator_code, sum(m.numerator) as numerator, sum(m.denominator) as denominator,
        coalesce(sum(m.expected_count), 0) as expected_count, coalesce(sum(m.observed_count), 0) as observed_count
    from told_month as t
    cross join areas as a
    left join measured as m
        on t.month = m.month and t.indicator_code = m.indicator_code and (a.area_type = 'district' or m.town_code = a.area_code)
    group by a.area_code, a.area_type, t.month, t.indicator_code
),

valued as (
    select
        'month' as period_type, month as period_start_date, area_code, s.indicator_code, expected_count, observed_count,
        case when i.unit = 'pct' or observed_count > 0 then numerator when expected_count = 0 then cast(0 as decimal(18, 6)) end as numerator,
        case when i.unit = 'pct' then denominator end as denominator,
        case
            when i.unit = 'pct' then cast({{ ratio('numerator * 100', 'denominator', 6) }} as decimal(18, 6))
            when s.indicator_code = 'dust_peak_count' and expected_count = 0 then cast(null as decimal(18, 6))
            when expected_count = 0 then cast(0 as decimal(18, 6))
            when observed_count > 0 then cast(numerator as decimal(18, 6))
        end as indicator_value,
        case
            when i.unit = 'pct' and coalesce(denominator, 0) = 0 then 'not_applicable'
            when s.indicator_code = 'dust_peak_count' and expected_count = 0 then 'not_applicable'
            when expected_count > 0 and observed_count = 0 and i.unit <> 'pct' then 'missing'
            else 'applies'
        end as applicability,
        case
            when i.unit = 'pct' and coalesce(denominator, 0) = 0 then '本区域没有应计的车辆或设备'
            when s.indicator_code = 'dust_peak_count' and expected_count = 0 then '本区域没有工地监测'
            when expected_count > observed_count and s.indicator_code in ('mobile_gate_breach_count', 'dust_peak_count')
                then concat(cast(expected_count - observed_count as varchar), ' 条未判定')
        end as reason_zh,
        i.status
    from summed as s
    inner join {{ ref('dim_indicator') }} as i on s.indicator_code = i.indicator_code
)

{{ indicator_rows('valued', 'indicator_value', numerator='numerator', denominator='denominator', applicability='applicability',
    reason='reason_zh', maturity="'preliminary'", policy_version="cast(null as varchar)", status='status') }}
