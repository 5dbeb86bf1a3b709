-- grain: point_id × factor_code × maturity × period_type × period
-- every species of the list in force stands on every day on which its station told anything; a month is the mean of its complete days
{{ config(meta={'evidence': [
    {'parent': 'fct_voc_hour', 'label_zh': '物种小时值', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'maturity': 'maturity', 'date_day >=': 'period_start_date', 'date_day <': 'period_end_date'}}],
    'clause': "'carter_2010_mir'"}) }}
with rules as (
    {{ air_special_rules(['voc_day_min_hours', 'voc_month_min_days']) }}
),

told as (
    select distinct point_id, maturity, date_day from {{ ref('fct_voc_hour') }}
),

listed as (
    select
        t.point_id, t.maturity, t.date_day, l.factor_code, l.list_version, r.voc_day_min_hours
    from told as t
    inner join {{ ref('dim_point') }} as p on t.point_id = p.point_id and {{ in_force('t.date_day', 'p.') }}
    inner join {{ ref('voc_list') }} as l on p.role = l.role and {{ in_force('t.date_day', 'l.') }}
    left join rules as r on {{ in_force('t.date_day', 'r.') }}
),

summed as (
    select
        l.point_id, l.maturity, l.date_day, l.factor_code, l.list_version, l.voc_day_min_hours,
        count(case when h.is_valid then 1 end) as valid_hour_count,
        count(case when h.is_below_detection then 1 end) as below_detection_hour_count,
        count(h.used_ug_m3) as used_hour_count,
        count(h.measured_ug_m3) as measured_hour_count,
        {{ mean('h.used_ug_m3', 12) }} as used_mean,
        {{ mean('h.measured_ug_m3', 12) }} as measured_mean,
        max(h.detection_method) as detection_method
    from listed as l
    left join {{ ref('fct_voc_hour') }} as h
        on l.point_id = h.point_id and l.maturity = h.maturity and l.date_day = h.date_day and l.factor_code = h.factor_code
    group by l.point_id, l.maturity, l.date_day, l.factor_code, l.list_version, l.voc_day_min_hours
),

days as (
    select
        *,
        coalesce(used_hour_count >= voc_day_min_hours, false) as is_complete,
        case when used_hour_count >= voc_day_min_hours then used_mean end as mean_value,
        case when measured_hour_count >= voc_day_min_hours then measured_mean end as measured_value
    from summed
),

months as (
    select
        point_id, maturity, factor_code,
        {{ period_start('date_day', 'month') }} as month_start,
        max(list_version) as list_version,
        count(*) as day_count,
        count(mean_value) as complete_day_count,
        sum(valid_hour_count) as valid_hour_count,
        sum(below_detection_hour_count) as below_detection_hour_count,
        sum(used_hour_count) as used_hour_count,
        {{ mean('cast(mean_value as decimal(18, 6))', 12) }} as mean_value,
        {{ mean('cast(measured_value as decimal(18, 6))', 12) }} as measured_value,
        max(detection_method) as detection_method
    from days
    group by point_id, maturity, factor_code, {{ period_start('date_day', 'month') }}
),

periods as (
    select
        point_id, maturity, factor_code, 'day' as period_type, {{ period_label('date_day', 'day') }} as period,
        date_day as period_start_date, {{ add_days('date_day', '1') }} as period_end_date, list_version,
        cast(1 as bigint) as day_count, valid_hour_count, below_detection_hour_count, used_hour_count,
        is_complete, mean_value, measured_value, detection_method,
        case
            when voc_day_min_hours is null then '没有登记完整性规则，不出均值'
            when not is_complete then concat('有效小时数 ', cast(used_hour_count as varchar), ' 少于 ',
                cast(cast(voc_day_min_hours as int) as varchar), '，不出均值')
        end as reason_zh
    from days
    union all
    select
        m.point_id, m.maturity, m.factor_code, 'month' as period_type, {{ period_label('m.month_start', 'month') }} as period,
        m.month_start as period_start_date, {{ period_end('m.month_start', 'month') }} as period_end_date, m.list_version,
        m.day_count, cast(m.valid_hour_count as bigint) as valid_hour_count,
        cast(m.below_detection_hour_count as bigint) as below_detection_hour_count,
        cast(m.used_hour_count as bigint) as used_hour_count,
        coalesce(m.complete_day_count >= r.voc_month_min_days, false) as is_complete,
        case when m.complete_day_count >= r.voc_month_min_days then m.mean_value end as mean_value,
        case when m.complete_day_count >= r.voc_month_min_days then m.measured_value end as measured_value,
        m.detection_method,
        case
            when r.voc_month_min_days is null then '没有登记完整性规则，不出均值'
            when m.complete_day_count < r.voc_month_min_days then concat('有效天数 ', cast(m.complete_day_count as varchar), ' 少于 ',
                cast(cast(r.voc_month_min_days as int) as varchar), '，不出均值')
        end as reason_zh
    from months as m
    left join rules as r on {{ in_force('m.month_start', 'r.') }}
)

select
    p.point_id, p.factor_code, p.maturity, p.period_type, p.period, p.period_start_date, p.period_end_date, p.list_version,
    p.day_count, p.day_count * 24 as expected_hour_count, p.valid_hour_count, p.below_detection_hour_count, p.used_hour_count,
    p.is_complete, p.detection_method,
    cast({{ round_half_up('p.mean_value', 6) }} as decimal(18, 6)) as mean_ug_m3,
    cast({{ round_half_up('p.measured_value', 6) }} as decimal(18, 6)) as measured_mean_ug_m3,
    m.mir_version,
    m.mir_g_g,
    cast({{ mul('p.mean_value', 'm.mir_g_g', 6) }} as decimal(18, 6))
        as ofp_ug_m3,
    p.reason_zh,
    case when m.mir_g_g is null then '没有 MIR 值，不计 OFP' end as ofp_reason_zh,
    'illustrative' as status
from periods as p
left join {{ ref('voc_mir') }} as m on p.factor_code = m.factor_code and {{ in_force('p.period_start_date', 'm.') }}
