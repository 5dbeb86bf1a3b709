-- grain: subject_id × factor_code × period_type × period
-- one outlet and factor: hours and days against the permit, and what arrived
with hours as (
    select
        outlet_id, factor_code, month,
        sum(case when judgement in ('compliant', 'exceedance') then 1 else 0 end) as judged_hour_count,
        sum(case when judgement = 'exceedance' then 1 else 0 end) as exceedance_hour_count,
        sum(case when judgement = 'warning' then 1 else 0 end) as warning_hour_count,
        sum(case when judgement = 'not_evaluated' then 1 else 0 end) as not_evaluated_hour_count,
        sum(case when judgement in ('exempt', 'excluded') then 1 else 0 end) as exempt_hour_count,
        max(exceedance_multiple) as max_exceedance_multiple,
        max(case when judgement = 'not_evaluated' then reason_zh end) as reason_zh
    from {{ ref('fct_source_hour_judgement') }}
    group by outlet_id, factor_code, month
),

days as (
    select
        outlet_id, factor_code, month,
        sum(case when judgement in ('compliant', 'exceedance') then 1 else 0 end) as judged_day_count,
        sum(case when judgement = 'exceedance' then 1 else 0 end) as exceedance_day_count,
        max(exceedance_multiple) as max_day_exceedance_multiple
    from {{ ref('fct_source_day_judgement') }}
    group by outlet_id, factor_code, month
),

months as (
    select
        t.outlet_id, t.site_code, t.medium, t.factor_code, t.month, t.due_hours, t.received_hours, t.valid_due_hours,
        t.valid_hours, h.judged_hour_count, h.exceedance_hour_count, h.warning_hour_count,
        h.not_evaluated_hour_count, h.exempt_hour_count, d.judged_day_count, d.exceedance_day_count,
        greatest(coalesce(h.max_exceedance_multiple, d.max_day_exceedance_multiple),
            coalesce(d.max_day_exceedance_multiple, h.max_exceedance_multiple)) as max_exceedance_multiple,
        h.reason_zh
    from {{ ref('fct_source_transmission_month') }} as t
    left join hours as h on t.outlet_id = h.outlet_id and t.factor_code = h.factor_code and t.month = h.month
    left join days as d on t.outlet_id = d.outlet_id and t.factor_code = d.factor_code and t.month = d.month
),

sums as (
    {%- for period_type in ['month', 'quarter', 'year'] %}
    select
        outlet_id, site_code, medium, factor_code, '{{ period_type }}' as period_type,
        {{ period_label('month', period_type) }} as period,
        sum(due_hours) as due_hours,
        sum(case when received_hours > due_hours then due_hours else received_hours end) as received_hours,
        sum(valid_due_hours) as valid_due_hours,
        sum(case when valid_hours > valid_due_hours then valid_due_hours else valid_hours end) as valid_hours,
        sum(judged_hour_count) as judged_hour_count,
        sum(exceedance_hour_count) as exceedance_hour_count,
        sum(warning_hour_count) as warning_hour_count,
        sum(not_evaluated_hour_count) as not_evaluated_hour_count,
        sum(exempt_hour_count) as exempt_hour_count,
        sum(judged_day_count) as judged_day_count,
        sum(exceedance_day_count) as exceedance_day_count,
        max(max_exceedance_multiple) as max_exceedance_multiple,
        max(reason_zh) as reason_zh
    from months
    group by outlet_id, site_code, medium, factor_code, {{ period_label('month', period_type) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    case when s.medium = 'wastewater' then 'source_water_exceedance_day_count' else 'source_gas_exceedance_hour_count' end
        as indicator_code,
    s.outlet_id as subject_id,
    o.name_zh as outlet_name_zh,
    d.enterprise_name,
    d.town_code,
    d.town_name_zh,
    s.medium,
    s.factor_code,
    f.name_zh as factor_name_zh,
    o.permit_no,
    s.period_type,
    s.period,
    cast(s.judged_hour_count as bigint) as judged_hour_count,
    cast(s.exceedance_hour_count as bigint) as exceedance_hour_count,
    cast(s.warning_hour_count as bigint) as warning_hour_count,
    cast(s.not_evaluated_hour_count as bigint) as not_evaluated_hour_count,
    cast(s.exempt_hour_count as bigint) as exempt_hour_count,
    cast(s.judged_day_count as bigint) as judged_day_count,
    cast(s.exceedance_day_count as bigint) as exceedance_day_count,
    cast(s.max_exceedance_multiple as decimal(18, 6)) as max_exceedance_multiple,
    cast(s.due_hours as bigint) as due_hours,
    cast(s.received_hours as bigint) as received_hours,
    cast({{ ratio('s.received_hours * 100', 's.due_hours', 6) }} as decimal(18, 6)) as transmission_pct,
    cast({{ ratio('s.valid_hours * 100', 's.valid_due_hours', 6) }} as decimal(18, 6)) as validity_pct,
    s.reason_zh,
    'unverified' as status
from sums as s
left join {{ ref('dim_outlet') }} as o on s.outlet_id = o.outlet_id
left join {{ ref('dim_site') }} as d on s.site_code = d.site_code
left join {{ ref('dim_factor') }} as f on s.factor_code = f.factor_code
