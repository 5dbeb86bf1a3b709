-- grain: point_id × factor_code × observed_at
-- the published class follows the original value of the tooltip, not the rounded figure shown: it comes first
with told as (
    select
        *,
        value_original is not null or value_original_qualifier is not null as has_original
    from {{ source('raw', 'water_auto_4h') }}
),

named as (
    select
        {{ water_point_id('m.point_id', 'w.province', 'w.section_name') }} as point_id,
        i.factor_code, i.multiplier, w.observed_at,
        case when w.has_original then w.value_original else w.value end as sent,
        case when w.has_original then w.value_original_qualifier else w.value_qualifier end as sent_qualifier,
        case when w.has_original then w.value_original_detection_limit else w.value_detection_limit end
            as sent_detection_limit,
        case when w.has_original then w.value_original_as_sent else w.value_as_sent end as sent_as_sent,
        w.item_unit, w._null_reason, w._load_id, w._seq, w._row_no, w._col, w.crawl_date
    from told as w
    inner join {{ ref('water_item') }} as i
        on trim(w.item) = i.item_name and coalesce(trim(w.item_unit), '') = coalesce(i.unit_as_sent, '')
    left join {{ ref('int_water_section_map') }} as m
        on trim(w.section_name) = m.section_name and w.observed_at >= m.valid_from_at and w.observed_at < m.valid_to_at
        and (w.province is null or w.province like '浙江%')
),

latest as (
    {{ latest_by_key('named', ['point_id', 'factor_code', 'observed_at'], arrival_order(['crawl_date'])) }}
)

{{ reading_select('latest', 'water_auto_4h', "'instant'", '0', "'preliminary'", value='sent', multiplier='multiplier', unit_as_sent='item_unit') }}
