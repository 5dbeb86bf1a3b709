-- grain: point_id × observed_at
-- what the providers of automatic sections say of a whole time: the published class and the state of the station
with told as (
    select
        {{ water_point_id('m.point_id', 'w.province', 'w.section_name') }} as point_id,
        trim(w.province) as province, trim(w.section_name) as section_name, w.observed_at,
        nullif(trim(w.official_class), '') as official_class, trim(w.station_state) as station_state, w.crawl_date,
        nullif(trim(w.water_body_name), '') as water_body_name,
        'water_auto_4h' as source, w._load_id, w._seq, w._row_no, w._col
    from {{ source('raw', 'water_auto_4h') }} as w
    left join {{ ref('int_water_section_map') }} as m
        on trim(w.section_name) = m.section_name and w.observed_at >= m.valid_from_at and w.observed_at < m.valid_to_at
        and (w.province is null or w.province like '浙江%')
    union all
    select
        {{ water_point_id('m.point_id', 'w.province', 'w.section_name') }} as point_id,
        trim(w.province) as province, trim(w.section_name) as section_name, w.observed_at,
        nullif(trim(w.official_class), '') as official_class, trim(w.station_state) as station_state,
        cast(null as date) as crawl_date, cast(null as varchar) as water_body_name,
        'water_section_csv' as source, w._load_id, w._seq, w._row_no, w._col
    from {{ source('raw', 'water_section_csv') }} as w
    left join {{ ref('int_water_section_map') }} as m
        on trim(w.section_name) = m.section_name and w.observed_at >= m.valid_from_at and w.observed_at < m.valid_to_at
        and (w.province is null or w.province like '浙江%')
),

ranked as (
    select t.*, coalesce(p.rank_no, 99) as priority
    from told as t
    left join {{ ref('reading_priority') }} as p
        on p.purpose = 'evaluation' and p.aspect = 'source' and p.code = t.source
),

latest as (
    {{ latest_by_key('ranked', ['point_id', 'observed_at'], ['priority asc', 'crawl_date desc'] + arrival_order()) }}
)

select
    l.point_id, l.province, l.section_name, l.observed_at, l.official_class, c.grade as official_grade, l.station_state,
    l.crawl_date, l.water_body_name,
    coalesce(l.observed_at < {{ add_hours('l.crawl_date', "0 - cast(s.value as int)") }}, false) as is_stale,
    l.source, l._load_id, l._row_no
from latest as l
left join {{ ref('water_class_alias') }} as c on l.official_class = c.alias
left join {{ ref('water_rule') }} as s on s.rule = 'stale_hours'
