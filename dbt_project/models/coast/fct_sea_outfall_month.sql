-- grain: point_id × factor_code × month × maturity
-- load of a month: mean concentration × mean flow of its samples × the hours of the month so far, within one maturity
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_sea_outfall_sample', 'label_zh': '样品', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'month': 'month',
        'maturity': 'maturity'}},
    {'parent': 'fct_reading', 'label_zh': '流量', 'on': {'point_id': 'point_id', 'factor_code': "'w00000'", 'month': 'month', 'maturity': 'maturity'}}],
    'clause': "'bay_flux_mean'"}) }}
with flows as (
    select point_id, maturity, month, count(effective_value) as flow_count, cast({{ mean('effective_value', 6) }} as decimal(18, 6)) as flow_m3_h
    from ({{ effective_reading('evaluation', "point_id like 'sea_outfall:%' and statistic = 'instant' and factor_code = 'w00000'", own_keys=['maturity']) }}) as f
    group by point_id, maturity, month
),

months as (
    select
        s.point_id, s.outfall_type, s.factor_code, s.maturity, s.month, count(*) as sample_count, count(s.value) as value_count,
        cast({{ mean('s.value', 6) }} as decimal(18, 6)) as mean_value,
        count(case when s.judgement in ('compliant', 'exceedance') then 1 end) as judged_count,
        count(case when s.judgement = 'exceedance' then 1 end) as exceedance_count,
        max(s.reason_zh) as reason_zh, {{ worst_status('s.status') }} as status
    from {{ ref('fct_sea_outfall_sample') }} as s
    group by s.point_id, s.outfall_type, s.factor_code, s.maturity, s.month
),

spanned as (
    select
        m.*, f.flow_m3_h,
        {{ int_div(seconds_between('cast(m.month as timestamp)', 'least(cast(' ~ add_months('m.month', 1) ~ ' as timestamp), ' ~ as_of() ~ ')'), 3600) }} as hour_count
    from months as m
    left join flows as f on m.point_id = f.point_id and m.maturity = f.maturity and m.month = f.month
)

select
    s.point_id, s.outfall_type, s.factor_code, s.month, s.maturity,
    cast(row_number() over (
        partition by s.point_id, s.factor_code, s.month
        order by s.value_count desc, coalesce(p.rank_no, 99), s.maturity) as int) as rank_in_period,
    s.sample_count, s.mean_value, s.flow_m3_h, s.hour_count,
    cast({{ ratio(mul(mul('s.mean_value', 's.flow_m3_h', 6), 's.hour_count', 12), '1000000', 6, 12) }} as decimal(18, 6)) as load_t,
    s.judged_count, s.exceedance_count,
    coalesce(case when s.mean_value is null then '无有效值' when s.flow_m3_h is null then '缺流量，不成入海量' end, s.reason_zh) as reason_zh,
    s.status
from spanned as s
left join {{ ref('reading_priority') }} as p on p.purpose = 'evaluation' and p.aspect = 'maturity' and s.maturity = p.code
