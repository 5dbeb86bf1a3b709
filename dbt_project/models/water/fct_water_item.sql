-- grain: point_id × factor_code × observed_at
-- the effective reading of an item; below detection the seeded substitution; its grade by river and lake limits
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '读数', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'observed_at': 'observed_at', 'maturity': 'maturity', 'source': 'source'}}],
    'clause': "'gb3838_2002_t1'"}) }}
with effective as (
    {{ effective_reading('evaluation', "point_id like 'water:%' and statistic = 'instant'") }}
),

counted as (
    {{ counted_readings('effective', 'surface_water', 'class') }}
),

readings as (
    select
        point_id, factor_code, observed_at, maturity, source, qualifier, detection_limit, counted_value as value,
        case
            when flag_human is not null then '人工标记剔除'
            when qualifier = '<' and substitution_fraction is null then '低于检出限，按规则不参加'
            when qualifier = '<' and detection_limit is null then '低于检出限而未报检出限'
            when qualifier = '<' then '低于检出限，以检出限代入'
            when value is null then '无值'
            when effective_value is null then '标记使其退出统计'
        end as note_zh,
        month, _load_id, _row_no, _col
    from counted
)

select
    r.point_id, r.factor_code, r.observed_at, r.maturity, r.source, r.value, r.qualifier, r.detection_limit,
    d.water_body_type,
    {{ gb3838_grade('r.value', 'l') }} as grade,
    {{ gb3838_grade('r.value', 'river') }} as grade_river,
    {{ gb3838_grade('r.value', 'lake') }} as grade_lake,
    l.item_name_zh, l.limit_3 as limit_class_3,
    r.note_zh, r.month, r._load_id, r._row_no, r._col
from readings as r
left join {{ ref('dim_water_section') }} as d
    on r.point_id = d.point_id and {{ in_force(date_of('r.observed_at'), 'd.') }}
left join {{ ref('int_water_limit') }} as l
    on r.factor_code = l.factor_code and l.water_body_type = coalesce(d.water_body_type, 'river')
    and {{ in_force(date_of('r.observed_at'), 'l.') }}
left join {{ ref('int_water_limit') }} as river
    on r.factor_code = river.factor_code and river.water_body_type = 'river'
    and {{ in_force(date_of('r.observed_at'), 'river.') }}
left join {{ ref('int_water_limit') }} as lake
    on r.factor_code = lake.factor_code and lake.water_body_type = 'lake'
    and {{ in_force(date_of('r.observed_at'), 'lake.') }}
