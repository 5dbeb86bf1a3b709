-- grain: point_id × factor_code × date_day × maturity
-- the peak of a day is the interval with the greatest site minus background; too few pairs: no verdict
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_dust_interval', 'label_zh': '五分钟值', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'date_day': 'date_day',
        'maturity': 'maturity'}}]}) }}
with rules as (
    {{ rule_days('dust_rule', ['peak_excess_tsp_ug_m3', 'peak_excess_pm10_ug_m3', 'pair_min_pct', 'dust_limit_tsp_ug_m3']) }}
),

ranked as (
    select
        i.*,
        row_number() over (
            partition by i.point_id, i.factor_code, i.date_day, i.maturity order by i.excess_ug_m3 desc nulls last, i.observed_at asc
        ) as peak_rank
    from {{ ref('fct_dust_interval') }} as i
),

days as (
    select
        point_id, factor_code, date_day, maturity, min(month) as month,
        count(*) as interval_count, count(value_ug_m3) as valid_count, count(excess_ug_m3) as paired_count,
        cast({{ mean('value_ug_m3', 6) }} as decimal(18, 6)) as mean_ug_m3,
        cast({{ mean('excess_ug_m3', 6) }} as decimal(18, 6)) as mean_excess_ug_m3,
        max(case when peak_rank = 1 then value_ug_m3 end) as peak_value_ug_m3,
        max(case when peak_rank = 1 then background_ug_m3 end) as peak_background_ug_m3,
        max(case when peak_rank = 1 then excess_ug_m3 end) as peak_excess_ug_m3,
        max(case when peak_rank = 1 and excess_ug_m3 is not null then observed_at end) as peak_at
    from ranked
    group by point_id, factor_code, date_day, maturity
),

judged as (
    select
        d.*, r.dust_limit_tsp_ug_m3, r.rule_status,
        case when d.factor_code = 'TSP' then r.peak_excess_tsp_ug_m3 else r.peak_excess_pm10_ug_m3 end as threshold_value,
        case
            when d.valid_count = 0 then '无有效值'
            when d.paired_count = 0 then '无对照值'
            when 100 * d.paired_count < r.pair_min_pct * d.valid_count then '与对照点成对的值不足'
        end as reason_zh
    from days as d
    inner join rules as r on d.date_day = r.rule_day
)

select
    point_id, factor_code, date_day, month, maturity, interval_count, valid_count, paired_count, mean_ug_m3,
    case when reason_zh is null then mean_excess_ug_m3 end as mean_excess_ug_m3,
    case when reason_zh is null then peak_value_ug_m3 end as peak_value_ug_m3,
    case when reason_zh is null then peak_background_ug_m3 end as peak_background_ug_m3,
    case when reason_zh is null then peak_excess_ug_m3 end as peak_excess_ug_m3,
    case when reason_zh is null then peak_at end as peak_at,
    cast(threshold_value as decimal(18, 6)) as threshold_value,
    case when reason_zh is null then peak_excess_ug_m3 > threshold_value end as is_peak,
    case when dust_limit_tsp_ug_m3 is null then '未评价（缺标准）' end as limit_judgement_zh,
    reason_zh,
    rule_status as status
from judged
