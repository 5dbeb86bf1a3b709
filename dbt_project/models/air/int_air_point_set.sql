-- grain: area_code × period_type × period × maturity
-- The series that made an area's air of a period in one maturity. Two periods are of one set when the same series told; a
-- replacement continues its series and is told beside.
{{ config(meta={'publish': true, 'evidence': [
    {'parent': 'int_air_day', 'label_zh': '点位日统计', 'on': {'point_id in': 'point_ids', 'maturity': 'maturity',
        'air_date >=': 'period_start_date', 'air_date <': 'period_end_date'}}]}) }}
with members as (
    select distinct
        'area' as subject_type, m.area_code, d.air_date, d.maturity, m.series_id, m.point_id, m.replaces_point_id,
        m.valid_from as replaced_from
    from {{ ref('int_air_day') }} as d
    inner join {{ ref('int_air_area_point') }} as m on d.point_id = m.point_id and {{ in_force('d.air_date', 'm.') }}
),

spread as (
    {{ air_period_spread('members', ['subject_type', 'area_code', 'maturity', 'series_id', 'point_id', 'replaces_point_id',
        'replaced_from']) }}
),

told as (
    select distinct
        area_code, period_type, period, period_start_date, period_end_date, maturity, series_id, point_id,
        case
            when replaces_point_id is not null and replaced_from >= period_start_date
                then concat(cast(replaced_from as varchar), ' 起由 ', point_id, ' 接替 ', replaces_point_id)
        end as replaced_zh
    from spread
)

select
    area_code, period_type, period, period_start_date, period_end_date, maturity,
    {{ join_text('series_id', ',', none, true) }} as point_set,
    {{ join_text('point_id', ',', none, true) }} as point_ids,
    count(distinct series_id) as series_count,
    {{ join_text('replaced_zh', '；', none, true) }} as replaced_zh
from told
group by area_code, period_type, period, period_start_date, period_end_date, maturity
