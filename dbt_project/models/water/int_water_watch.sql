-- grain: point_id × observed_at
-- class of a reading time of the district's own sections beside the class before it, and the item that decides it
{{ config(meta={'publish': true, 'lookback_hours': 24, 'evidence': [
    {'parent': 'fct_water_class', 'label_zh': '本次与上一次类别', 'on': {'point_id': 'point_id', 'observed_at <=': 'observed_at',
        'observed_at >=': 'coalesce(previous_at, observed_at)'}},
    {'parent': 'fct_water_item', 'label_zh': '决定类别的项目', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at',
        'factor_code': 'factor_code'}}]}) }}
with classes as (
    select
        c.point_id, c.observed_at, c.month, c.maturity, c.grade, c.class_zh, s.target_grade, s.target_class, s.section_name, s.town_code,
        lag(c.grade) over (partition by c.point_id order by c.observed_at) as previous_grade,
        lag(c.class_zh) over (partition by c.point_id order by c.observed_at) as previous_class_zh,
        lag(c.observed_at) over (partition by c.point_id order by c.observed_at) as previous_at
    from {{ ref('fct_water_class') }} as c
    inner join {{ ref('dim_water_section') }} as s
        on c.point_id = s.point_id and s.network = 'district' and {{ in_force(date_of('c.observed_at'), 's.') }}
    where c.grade is not null
),

deciding as (
    select *
    from (
        select
            c.point_id, c.observed_at, i.factor_code, i.item_name_zh, i.value, i.limit_class_3, i.source, i._load_id, i._row_no,
            row_number() over (partition by c.point_id, c.observed_at order by i.factor_code, i.source) as rank_in_time
        from classes as c
        inner join {{ ref('fct_water_item') }} as i
            on c.point_id = i.point_id and c.observed_at = i.observed_at and c.maturity = i.maturity and c.grade = i.grade
    ) as ranked
    where rank_in_time = 1
)

select
    c.point_id, c.section_name, c.town_code, c.observed_at, c.month, c.maturity, c.grade, c.class_zh, c.target_grade, c.target_class,
    case when {{ seconds_between('c.previous_at', 'c.observed_at') }} <= g.value * 3600 then c.previous_grade end as previous_grade,
    case when {{ seconds_between('c.previous_at', 'c.observed_at') }} <= g.value * 3600 then c.previous_class_zh end as previous_class_zh,
    c.previous_at, d.factor_code, d.item_name_zh, d.value, d.limit_class_3, d.source, d._load_id, d._row_no
from classes as c
inner join deciding as d on c.point_id = d.point_id and c.observed_at = d.observed_at
{{ join_water_rule('warning_gap_hours', 'g', date_of('c.observed_at')) }}
