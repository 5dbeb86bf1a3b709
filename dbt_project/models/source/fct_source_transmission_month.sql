-- grain: outlet_id × factor_code × month
-- 有效传输率 = 传输率 × 有效率. Stopped hours are not due; of waste water the seeded hour a day of standard check is not
-- due as valid. A month that runs is counted to as_of.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'int_source_hour', 'label_zh': '小时记录', 'on': {'outlet_id': 'outlet_id', 'factor_code': 'factor_code',
        'month': 'month'}}]}) }}
with span as (
    select
        outlet_id, min(month) as first_month
    from {{ ref('int_source_hour') }}
    group by outlet_id
),

-- a device that never sent anything is due since the first month that any device has sent
watched as (
    select
        o.outlet_id, o.site_code, o.medium, l.factor_code,
        coalesce(s.first_month, (select min(first_month) from span)) as first_month
    from {{ ref('dim_outlet') }} as o
    inner join (
        select distinct outlet_id, factor_code
        from {{ ref('dim_permit_limit') }}
        where compliance_statistic in ('hourly_mean', 'daily_mean')
    ) as l on o.outlet_id = l.outlet_id
    left join span as s on o.outlet_id = s.outlet_id
    where o.mn is not null or s.outlet_id is not null
),

months as (
    select distinct month, {{ add_months('month', 1) }} as next_month
    from {{ ref('int_source_hour') }}
),

due as (
    select
        w.*, m.month,
        {{ int_div(seconds_between('cast(m.month as timestamp)', 'case when cast(m.next_month as timestamp) < ' ~ as_of() ~ ' then cast(m.next_month as timestamp) else ' ~ as_of() ~ ' end'), 3600) }}
            as calendar_hours
    from watched as w
    inner join months as m on m.month >= w.first_month and cast(m.month as timestamp) < {{ as_of() }}
),

got as (
    select
        h.outlet_id, h.factor_code, h.month,
        sum(case when f.is_stop then 1 else 0 end) as stop_hours,
        sum(case when f.is_stop then 0 else 1 end) as received_hours,
        sum(case when not coalesce(f.is_stop, false) and coalesce(f.is_valid_data, true) and h.flag_human is null
            and coalesce(h.measured_value, h.converted_value) is not null then 1 else 0 end) as valid_hours
    from {{ ref('int_source_hour') }} as h
    left join {{ ref('hj212_data_flag') }} as f on coalesce(h.flag_device, 'N') = f.flag
    group by h.outlet_id, h.factor_code, h.month
),

counted as (
    select
        d.outlet_id, d.site_code, d.medium, d.factor_code, d.month, d.calendar_hours,
        coalesce(g.stop_hours, 0) as stop_hours, coalesce(g.received_hours, 0) as received_hours,
        coalesce(g.valid_hours, 0) as valid_hours,
        d.calendar_hours - coalesce(g.stop_hours, 0) as due_hours,
        {{ int_div('cast(coalesce(g.received_hours, 0) as bigint) * cast(coalesce(r.value, 0) as int)', 24) }} as check_hours
    from due as d
    left join got as g on d.outlet_id = g.outlet_id and d.factor_code = g.factor_code and d.month = g.month
    left join {{ ref('source_rule') }} as r
        on r.rule = 'standard_check_hours_per_day' and r.medium = d.medium and {{ in_force('d.month', 'r.') }}
)

select
    outlet_id, site_code, medium, factor_code, month,
    cast(calendar_hours as bigint) as calendar_hours, cast(stop_hours as bigint) as stop_hours, cast(due_hours as bigint) as due_hours,
    cast(received_hours as bigint) as received_hours, cast(received_hours - check_hours as bigint) as valid_due_hours,
    cast(valid_hours as bigint) as valid_hours,
    cast(case when due_hours > 0 then {{ ratio('case when received_hours > due_hours then due_hours else received_hours end * 100', 'due_hours', 6) }} end as decimal(18, 6)) as transmission_pct,
    cast(case when received_hours > 0 then {{ ratio('case when valid_hours > received_hours - check_hours then received_hours - check_hours else valid_hours end * 100', 'received_hours - check_hours', 6) }} end as decimal(18, 6)) as validity_pct,
    cast(case when due_hours > 0 and received_hours > 0 then {{ ratio(
        "case when received_hours > due_hours then due_hours else received_hours end * case when valid_hours > received_hours - check_hours then received_hours - check_hours else valid_hours end * 100",
        "due_hours * (received_hours - check_hours)", 6) }} when due_hours > 0 then 0 end as decimal(18, 6)) as effective_transmission_pct,
    case when due_hours <= 0 then '全月停运' when received_hours = 0 then '无数据' end as reason_zh
from counted
