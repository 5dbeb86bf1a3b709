-- grain: point_id × observed_at
-- times that a provider told more than once (re-crawls, duplicates), and whether the tellings differ; the latest counts
with told as (
    select
        {{ water_point_id('m.point_id', 'w.province', 'w.section_name') }} as point_id, w.observed_at, w._load_id,
        w._row_no, w.item, coalesce(w.value_original_as_sent, w.value_as_sent, '') as sent_text
    from {{ source('raw', 'water_auto_4h') }} as w
    left join {{ ref('int_water_section_map') }} as m
        on trim(w.section_name) = m.section_name and w.observed_at >= m.valid_from_at and w.observed_at < m.valid_to_at
        and (w.province is null or w.province like '浙江%')
    union all
    select
        {{ water_point_id('m.point_id', 'w.province', 'w.section_name') }} as point_id, w.observed_at, w._load_id,
        w._row_no, w.item, coalesce(w.value_as_sent, '') as sent_text
    from {{ source('raw', 'water_section_csv') }} as w
    left join {{ ref('int_water_section_map') }} as m
        on trim(w.section_name) = m.section_name and w.observed_at >= m.valid_from_at and w.observed_at < m.valid_to_at
        and (w.province is null or w.province like '浙江%')
),

items as (
    select
        point_id, observed_at, item, count(*) as told_count, count(distinct sent_text) as text_count
    from told
    group by point_id, observed_at, item
)

select
    point_id, observed_at, cast(max(told_count) as bigint) as told_count, max(text_count) > 1 as is_conflicting
from items
group by point_id, observed_at
having max(told_count) > 1
