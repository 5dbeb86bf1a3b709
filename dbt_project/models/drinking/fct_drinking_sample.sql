-- grain: point_id × factor_code × observed_at
-- a result of a drinking-water sample against its limit. Below detection it meets a limit that is not below the detection
-- limit told; where nothing may be found, the mark < is what counts, not a number. Without a limit nothing is judged
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '读数', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'observed_at': 'observed_at', 'maturity': 'maturity', 'source': 'source'}}],
    'clause': 'r.clause_id'}) }}
with effective as (
    {{ effective_reading('evaluation', "(point_id like 'drinking_source:%' or point_id like 'rural_water:%') and statistic = 'instant'") }}
),

limits as (
    select
        'drinking_source' as medium, water_body_type, factor_code, item_name_zh, comparison, limit_3 as limit_value, limit_low,
        'gb3838_2002_t1' as clause_id, status, valid_from, valid_to
    from {{ ref('int_water_limit') }}
    union all
    select
        medium, cast(null as varchar), factor_code, item_name_zh, comparison, limit_value, limit_low, clause_id, status,
        valid_from, valid_to
    from {{ ref('drinking_limit') }}
),

held as (
    select
        r.point_id, p.medium, p.role, p.town_code, r.factor_code, l.item_name_zh, r.observed_at, r.maturity, r.source,
        r.effective_value as value, r.value as told_value, r.qualifier, r.detection_limit, r.flag_human,
        case when r.qualifier = '<' then cast({{ mul('r.detection_limit', 's.fraction', 6) }} as decimal(18, 6)) else r.effective_value end
            as substituted_value,
        l.comparison, l.limit_value, l.limit_low, l.clause_id, l.status as limit_status, r.month, r._load_id, r._row_no, r._col
    from effective as r
    inner join {{ ref('dim_point') }} as p on r.point_id = p.point_id and {{ in_force(date_of('r.observed_at'), 'p.') }}
    left join limits as l
        on p.medium = l.medium and r.factor_code = l.factor_code and (l.water_body_type is null or l.water_body_type = p.water_body_type)
        and {{ in_force(date_of('r.observed_at'), 'l.') }}
    left join {{ ref('water_detection_substitution') }} as s
        on p.medium = s.medium and s.statistic = 'compliance' and {{ in_force(date_of('r.observed_at'), 's.') }}
),

judged as (
    select
        h.*,
        case
            when flag_human is not null then null
            when comparison = 'not_detected' then
                case when qualifier = '<' then 'pass' when value > 0 then 'fail' end
            when limit_value is null then null
            when qualifier = '<' then case when comparison = 'le' and detection_limit <= limit_value then 'pass' end
            when comparison = 'le' then case when value <= limit_value then 'pass' when value > limit_value then 'fail' end
            when comparison = 'ge' then case when value >= limit_value then 'pass' when value < limit_value then 'fail' end
            when comparison = 'range' then
                case when value between limit_low and limit_value then 'pass' when value is not null then 'fail' end
        end as result
    from held as h
)

select
    point_id, medium, role, town_code, factor_code, item_name_zh, observed_at, maturity, source, value, qualifier, detection_limit,
    substituted_value, comparison, limit_value, limit_low, clause_id, result,
    case
        when result = 'fail' and comparison = 'le' and limit_value > 0
            then cast({{ ratio('value - limit_value', 'limit_value', 6) }} as decimal(18, 6))
    end as exceedance_multiple,
    case
        when result is not null then null
        when flag_human is not null then '人工标记剔除'
        when comparison is null or (comparison <> 'not_detected' and limit_value is null) then '未评价（缺标准）'
        when comparison = 'not_detected' and told_value = 0 then '以数值 0 报送，未写“未检出”，不能判定'
        when qualifier = '<' and detection_limit is null then '低于检出限而未报检出限，不能判定'
        when qualifier = '<' then '检出限高于限值，不能判定'
        when told_value is null then '无值'
        else '标记使其退出统计'
    end as reason_zh,
    coalesce(limit_status, 'unverified') as status, month, _load_id, _row_no, _col
from judged
