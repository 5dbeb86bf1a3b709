-- grain: point_id × factor_code × observed_at
-- one section can stand in two folders of a month: the later load tells. A figure whose item and unit are no pair of water_item keeps
-- its text, has no value and says unknown_item
with named as (
    select
        {{ water_point_id('m.point_id', 'w.province', 'w.section_name') }} as point_id,
        coalesce(i.factor_code, trim(w.item)) as factor_code, i.multiplier, w.observed_at,
        case when i.factor_code is not null then w.value end as value,
        {{ item_null_reason('w.value', 'w.value_qualifier') }} as null_reason,
        w.value_qualifier, w.value_detection_limit, w.value_as_sent,
        w.item_unit, w._load_id, w._seq, w._row_no, w._col,
        w._window_start
    from {{ source('raw', 'water_section_csv') }} as w
    left join {{ ref('water_item') }} as i
        on trim(w.item) = i.item_name and coalesce(trim(w.item_unit), '') = coalesce(i.unit_as_sent, '')
    left join {{ ref('int_water_section_map') }} as m
        on trim(w.section_name) = m.section_name and w.observed_at >= m.valid_from_at and w.observed_at < m.valid_to_at
        and (w.province is null or w.province like '浙江%')
),

latest as (
    {{ latest_by_key('named', ['point_id', 'factor_code', 'observed_at'], arrival_order(['_window_start'])) }}
)

{{ reading_select('latest', 'water_section_csv', "'instant'", '0', "'preliminary'", value='value', multiplier='multiplier', unit_as_sent='item_unit',
    null_reason='null_reason') }}
