-- grain: point_id × factor_code × period_start_date
-- an item of a well in a quarter: mean of the samples of one maturity (pH: of the hydrogen ions), class by GB/T 14848, and the well
-- as it stood at the last sample. `month` is that of the last sample.
{{ config(meta={'lookback_hours': 2208, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '样品结果', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'observed_at >=': 'cast(period_start_date as timestamp)', 'observed_at <': 'cast(period_start_date as timestamp) + interval 3 month'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "substr(point_id, 1, 12) = 'groundwater:' and statistic = 'instant' and factor_code <> 'gw_depth'", ['maturity']) }}
),

used as (
    select
        e.point_id, e.factor_code, e.observed_at, e.maturity, e.qualifier,
        {{ period_start('e.observed_at', 'quarter') }} as period_start_date,
        case when e.qualifier = '<' and e.flag_human is null then 1 else 0 end as is_below,
        cast(coalesce(e.effective_value,
            case when e.qualifier = '<' and e.flag_human is null then {{ mul('e.detection_limit', 'r.value', 6) }} end) as decimal(18, 6)) as used_value
    from effective as e
    left join {{ ref('groundwater_rule') }} as r
        on r.rule = 'below_detection_fraction' and {{ in_force(date_of('e.observed_at'), 'r.') }}
),

means as (
    select
        point_id, factor_code, period_start_date, maturity, max(observed_at) as sampled_at,
        case
            when count(used_value) = 1 then max(used_value)
            when factor_code = 'w01001' then {{ ph_of_hydrogen(mean(hydrogen_nmol('used_value'), 6)) }}
            else cast({{ mean('used_value', 6) }} as decimal(18, 6))
        end as value,
        count(*) as told_count, count(used_value) as reading_count, sum(is_below) as below_count
    from used
    group by point_id, factor_code, period_start_date, maturity
),

chosen as (
    select *
    from (
        select
            m.*,
            row_number() over (
                partition by m.point_id, m.factor_code, m.period_start_date
                order by case when m.value is null then 1 else 0 end, coalesce(p.rank_no, 99), m.maturity
            ) as rank_in_quarter
        from means as m
        left join {{ ref('reading_priority') }} as p
            on p.purpose = 'evaluation' and p.aspect = 'maturity' and p.code = m.maturity
    ) as ranked
    where rank_in_quarter = 1
)

select
    c.point_id, c.factor_code, c.period_start_date, {{ month_of('c.sampled_at') }} as month, c.sampled_at, w.name_zh as well_name_zh, w.town_code,
    w.aquifer_code, w.depth_m, w.valid_from as well_valid_from, coalesce(l.item_name_zh, f.name_zh) as item_name_zh, f.unit, c.maturity, c.value,
    cast(c.told_count as bigint) as sample_count, cast(c.below_count as bigint) as below_detection_count,
    cast({{ gb14848_grade('c.value', 'c.below_count = c.told_count', 'l') }} as int) as grade,
    l.limit_3 as limit_class_3, l.limit_4 as limit_class_4,
    case
        when l.factor_code is null then '未评价（缺标准）'
        when c.value is null and c.below_count > 0 then '未评价（未检出而未报检出限）'
        when c.value is null then '未评价（缺数）'
        when w.point_id is null then '井名录中无采样当日的井'
    end as reason_zh,
    l.clause_id,
    case when c.below_count > 0 then {{ worst_status_of(['l.status', 'r.status']) }} else coalesce(l.status, 'unverified') end as status
from chosen as c
left join {{ ref('dim_groundwater_well') }} as w
    on c.point_id = w.point_id and {{ in_force(date_of('c.sampled_at'), 'w.') }}
left join {{ ref('groundwater_limit') }} as l
    on c.factor_code = l.factor_code and {{ in_force(date_of('c.sampled_at'), 'l.') }}
left join {{ ref('dim_factor') }} as f on c.factor_code = f.factor_code
left join {{ ref('groundwater_rule') }} as r
    on r.rule = 'below_detection_fraction' and {{ in_force(date_of('c.sampled_at'), 'r.') }}
