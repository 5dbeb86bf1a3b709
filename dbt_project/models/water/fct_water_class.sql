-- grain: point_id × observed_at
-- class of one sampling time: the worst of the items measured then, within the best maturity told for that time
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_water_item', 'label_zh': '各项目级别', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at',
        'maturity': 'maturity'}}],
    'clause': "'hbb_2011_22'"}) }}
with maturity_order as (
    select code as maturity, rank_no as priority from {{ ref('reading_priority') }}
    where purpose = 'evaluation' and aspect = 'maturity'
),

by_maturity as (
    select
        i.point_id, i.observed_at, i.maturity, i.month, max(i.water_body_type) as water_body_type,
        max(i.grade) as grade, max(i.grade_river) as grade_river, max(i.grade_lake) as grade_lake,
        count(i.grade) as item_count, min(i.source) as source
    from {{ ref('fct_water_item') }} as i
    group by i.point_id, i.observed_at, i.maturity, i.month
),

ranked as (
    select
        b.*,
        row_number() over (
            partition by b.point_id, b.observed_at
            order by case when b.grade is null then 1 else 0 end, coalesce(m.priority, 99), b.maturity
        ) as rank_in_time
    from by_maturity as b
    left join maturity_order as m on b.maturity = m.maturity
)

select
    r.point_id, r.observed_at, r.month, r.maturity, r.source, r.water_body_type, s.water_body_basis,
    r.grade, c.class_zh, r.grade_river, r.grade_lake, cast(r.item_count as bigint) as item_count,
    s.target_class, s.target_grade, r.grade <= s.target_grade as is_target_met,
    t.official_class, t.official_grade, t.station_state, coalesce(t.is_stale, false) as is_stale
from ranked as r
left join {{ ref('water_class') }} as c on r.grade = c.grade
left join {{ ref('dim_water_section') }} as s
    on r.point_id = s.point_id and {{ in_force(date_of('r.observed_at'), 's.') }}
left join {{ ref('int_water_told') }} as t on r.point_id = t.point_id and r.observed_at = t.observed_at
where r.rank_in_time = 1
