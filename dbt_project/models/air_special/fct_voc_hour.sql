-- grain: point_id × factor_code × maturity × observed_at
-- one species and hour of a VOC station; what is below detection enters a mean by the method of voc_detection_substitution, named here
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '物种小时读数', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'observed_at': 'observed_at', 'maturity': 'maturity', 'statistic': "'mean'", 'averaging_minutes': '60'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "averaging_minutes = 60 and statistic = 'mean'
        and substr(point_id, 1, 8) = 'air_voc:' and substr(factor_code, 1, 4) = 'VOC_'", ['maturity']) }}
),

judged as (
    select
        e.point_id, e.factor_code, e.maturity, e.observed_at, e.month, e.effective_value, e.detection_limit,
        {{ day_of_interval('e.observed_at') }} as date_day,
        coalesce(e.qualifier = '<' and e.flag_human is null and v.flag is null, false) as is_below_detection
    from effective as e
    left join {{ ref('flag_effect') }} as v
        on v.flag_kind = 'device' and v.is_void and v.statistic in ('*', e.statistic) and e.flag_device = v.flag
)

select
    j.point_id, j.factor_code, j.maturity, j.observed_at, j.date_day,
    j.effective_value as measured_ug_m3,
    j.is_below_detection,
    case when j.is_below_detection then j.detection_limit end as detection_limit_ug_m3,
    case when j.is_below_detection then m.method end as detection_method,
    cast(case
        when not j.is_below_detection then j.effective_value
        when m.method = 'zero' then 0
        when m.method = 'half' then {{ mul('j.detection_limit', 'm.fraction', 6) }}
    end as decimal(18, 6)) as used_ug_m3,
    j.effective_value is not null or j.is_below_detection as is_valid,
    case
        when j.effective_value is not null then null
        when not j.is_below_detection then '无有效值'
        when m.method is null then '未检出，没有登记处理方法'
        when m.method = 'exclude' then '未检出，不参加平均'
        when m.method = 'half' and j.detection_limit is null then '未检出而未给检出限，不参加平均'
    end as reason_zh,
    coalesce(m.status, 'illustrative') as status,
    j.month
from judged as j
left join {{ ref('voc_detection_substitution') }} as m
    on m.use_code = 'mean' and {{ in_force('j.date_day', 'm.') }}
