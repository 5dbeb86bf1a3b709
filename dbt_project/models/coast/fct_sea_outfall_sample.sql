-- grain: point_id × factor_code × observed_at × maturity
-- a sample of an outfall against the limit of its type on that day; where the limit depends on the water's temperature and a value lies
-- between the two figures, the temperature of the same sample decides, and without it nothing is judged
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '样品读数', 'on': {'point_id': 'point_id', 'factor_code in': "concat(factor_code, ',w01010')",
        'observed_at': 'observed_at', 'maturity': 'maturity'}},
    {'parent': 'stg_sea_outfall_register', 'label_zh': '清单', 'on': {'outfall_code': 'substr(point_id, 13)'}}],
    'clause': "(select l.clause_id from build.sea_outfall_limit l where l.outfall_type = r.outfall_type and l.factor_code = r.factor_code limit 1)"}) }}
with effective as (
    {{ effective_reading('evaluation', "point_id like 'sea_outfall:%' and statistic = 'instant'", own_keys=['maturity']) }}
),

valued as (
    {{ counted_readings('effective', 'wastewater', 'mean') }}
),

limited as (
    select
        v.point_id, v.factor_code, v.maturity, v.observed_at, v.month, v.counted_value as value, r.outfall_type, l.limit_value,
        l.limit_cold_value, l.status as limit_status, t.counted_value as water_deg_c, c.value as cold_max_deg_c
    from valued as v
    left join {{ ref('stg_sea_outfall_register') }} as r
        on v.point_id = concat('sea_outfall:', r.outfall_code) and {{ in_force(date_of('v.observed_at'), 'r.') }}
    left join {{ ref('sea_outfall_limit') }} as l
        on r.outfall_type = l.outfall_type and v.factor_code = l.factor_code and {{ in_force(date_of('v.observed_at'), 'l.') }}
    left join valued as t
        on v.point_id = t.point_id and v.observed_at = t.observed_at and v.maturity = t.maturity and t.factor_code = 'w01010'
    left join {{ ref('sea_outfall_rule') }} as c on c.rule = 'cold_water_max_deg_c' and {{ in_force(date_of('v.observed_at'), 'c.') }}
    where v.factor_code not in ('w01010', 'w00000')
),

chosen as (
    select
        l.*,
        case
            when l.limit_cold_value is null then l.limit_value
            when l.water_deg_c <= l.cold_max_deg_c then l.limit_cold_value
            when l.water_deg_c > l.cold_max_deg_c or l.value <= l.limit_value then l.limit_value
            when l.value > l.limit_cold_value then l.limit_cold_value
        end as used_limit_value
    from limited as l
)

select
    point_id, outfall_type, factor_code, observed_at, maturity, month, value, used_limit_value as limit_value,
    case
        when value is null or used_limit_value is null then 'not_evaluated' when value > used_limit_value then 'exceedance' else 'compliant'
    end as judgement,
    case
        when value is null then '无有效值'
        when limit_value is null then '未评价（缺标准）'
        when used_limit_value is null then '未评价（缺水温：限值随水温而异）'
    end as reason_zh,
    coalesce(limit_status, 'unverified') as status
from chosen
