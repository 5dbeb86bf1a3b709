-- grain: point_id × factor_code × date_day × maturity
-- day of an outlet within one maturity: flow-weighted concentration and load; pH by its extremes. A blank limit is not evaluated.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'int_park_hour', 'label_zh': '小时值', 'on': {'point_id': 'point_id', 'date_day': 'date_day', 'maturity': 'maturity'}}],
    'clause': "(select l.clause_id from build.park_outlet_limit l where l.role = r.role and l.factor_code = r.factor_code limit 1)"}) }}
with hours as (
    select * from {{ ref('int_park_hour') }} where role in ('sewage', 'rain_pipe')
),

long as (
    {%- for f in [('w01018', 'cod_mg_l'), ('w21003', 'nh3n_mg_l'), ('w01001', 'ph')] %}
    select point_id, role, park_code, town_code, date_day, month, maturity, observed_at, flow_m3_h, '{{ f[0] }}' as factor_code, {{ f[1] }} as value
    from hours
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

days as (
    select
        point_id, role, park_code, town_code, date_day, month, maturity, factor_code,
        count(case when value is not null and flow_m3_h is not null then 1 end) as paired_hour_count,
        count(value) as value_count,
        count(flow_m3_h) as flow_hour_count,
        cast(sum(flow_m3_h) as decimal(18, 6)) as flow_m3,
        sum(case when value is not null then flow_m3_h end) as paired_flow_m3,
        sum({{ mul('value', 'flow_m3_h', 12) }}) as load_g,
        min(value) as min_value,
        max(value) as max_value
    from long
    group by point_id, role, park_code, town_code, date_day, month, maturity, factor_code
),

limited as (
    select
        d.*, l.limit_value, l.limit_low, l.compliance_statistic, l.clause_id, l.status as limit_status, r.value as day_min_hours,
        case when d.factor_code <> 'w01001' then cast({{ ratio('d.load_g', 'd.paired_flow_m3', 6, 12) }} as decimal(18, 6)) end as value,
        case when d.factor_code <> 'w01001' then cast({{ ratio('d.load_g', '1000', 6, 12) }} as decimal(18, 6)) end as load_kg
    from days as d
    left join {{ ref('park_outlet_limit') }} as l
        on d.role = l.role and d.factor_code = l.factor_code and {{ in_force('d.date_day', 'l.') }}
    left join {{ ref('park_rule') }} as r on r.rule = 'day_min_hours' and {{ in_force('d.date_day', 'r.') }}
    where d.value_count > 0
),

judged as (
    select
        l.*,
        case
            when coalesce(l.limit_value, l.limit_low) is null then 'not_evaluated'
            when l.paired_hour_count < l.day_min_hours then 'not_evaluated'
            when l.compliance_statistic = 'range'
                then case when l.max_value > l.limit_value or l.min_value < l.limit_low then 'exceedance' else 'compliant' end
            when l.value is null then 'not_evaluated'
            when l.value > l.limit_value then 'exceedance'
            else 'compliant'
        end as judgement
    from limited as l
),

ranked as (
    select
        j.*,
        cast(row_number() over (
            partition by j.point_id, j.factor_code, j.date_day
            order by case when j.paired_hour_count < j.day_min_hours then 1 else 0 end, coalesce(p.rank_no, 99), j.maturity) as int) as rank_in_day
    from judged as j
    left join {{ ref('reading_priority') }} as p on p.purpose = 'evaluation' and p.aspect = 'maturity' and j.maturity = p.code
)

select
    point_id, role, park_code, town_code, factor_code, date_day, month, maturity, rank_in_day, paired_hour_count, flow_m3, value, min_value, max_value,
    load_kg, limit_value, limit_low, judgement,
    case
        when coalesce(limit_value, limit_low) is null then '未评价（缺标准）'
        when paired_hour_count < day_min_hours
            then concat('有值小时 ', cast(paired_hour_count as varchar), ' 个，不足日均值有效要求')
        when judgement = 'not_evaluated' then '全日无流量'
    end as reason_zh,
    coalesce(limit_status, 'unverified') as status
from ranked
