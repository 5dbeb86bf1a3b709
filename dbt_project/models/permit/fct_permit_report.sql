-- grain: permit_no × report_type × report_period
-- the ledger of the platform lists the reports that are owed; due at the end of the seeded day
{{ config(meta={'evidence': [
    {'parent': 'stg_permit_report', 'label_zh': '暂存层', 'on': {'_load_id': '_load_id', '_row_no': '_row_no'}}],
    'clause': "'hj944_2018'"}) }}
with spans as (
    select
        r.*,
        case r.report_type
            when '月报' then {{ add_months("cast(concat(substr(r.report_period, 1, 7), '-01') as date)", 1) }}
            when '季报' then {{ add_months("cast(concat(substr(r.report_period, 1, 4), '-01-01') as date)", "3 * cast(substr(r.report_period, 7, 1) as int)") }}
            when '年报' then {{ add_months("cast(concat(substr(r.report_period, 1, 4), '-01-01') as date)", 12) }}
        end as period_end_date
    from {{ ref('stg_permit_report') }} as r
    where {{ matches('r.report_period', '[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]))?') }}
        and (
            (r.report_type = '月报' and length(r.report_period) = 7 and r.report_period not like '%Q%')
            or (r.report_type = '季报' and r.report_period like '%Q%')
            or (r.report_type = '年报' and length(r.report_period) = 4)
        )
),

owed as (
    select
        s.*, d.clause, d.status as deadline_status,
        {{ add_days(add_months('s.period_end_date', 'd.months_after - 1'), 'd.day_of_month - 1') }} as due_date
    from spans as s
    left join {{ ref('permit_report_deadline') }} as d
        on s.report_type = d.report_type and {{ in_force('s.period_end_date', 'd.') }}
),

sites as (
    select permit_no, min(site_code) as site_code
    from {{ ref('stg_permit_register') }}
    where not is_deleted
    group by permit_no
)

select
    o.permit_no, o.enterprise_name, p.site_code, s.enterprise_id, s.town_code, o.report_type, o.report_period, o.period_end_date,
    o.due_date, o.submitted_at, o.report_state,
    o.due_date < {{ date_of(as_of()) }} as is_due,
    case
        when o.due_date is null then null
        when o.submitted_at is null then false
        else {{ date_of('o.submitted_at') }} <= o.due_date
    end as is_on_time,
    case
        when o.due_date is null then '缺提交期限'
        when o.submitted_at is null and o.due_date < {{ date_of(as_of()) }} then '逾期未提交'
        when o.submitted_at is null then '未到期'
        when {{ date_of('o.submitted_at') }} > o.due_date then '逾期提交'
        else '按时提交'
    end as finding_zh,
    o.clause, o.deadline_status as status, o._load_id, o._row_no
from owed as o
left join sites as p on o.permit_no = p.permit_no
left join {{ ref('dim_site') }} as s on p.site_code = s.site_code
