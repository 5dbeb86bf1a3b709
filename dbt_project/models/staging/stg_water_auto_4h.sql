-- grain: point_id × factor_code × observed_at
-- the published class follows the original value of the tooltip, not the rounded figure shown: it comes first. A figure whose item and
-- unit are no pair of water_item keeps its text, has no value and says unknown_item
with told as (
    select
        r.*,
        case when r.has_original then r.value_original else r.value end as sent,
        case when r.has_original then r.value_original_qualifier else r.value_qualifier end as sent_qualifier,
        case when r.has_original then r.value_original_detection_limit else r.value_detection_limit end as sent_detection_limit,
        case when r.has_original then r.value_original_as_sent else r.value_as_sent end as sent_as_sent
    from (
        select *, value_original is not null or value_original_qualifier is not null as has_original
        from {{ source('raw', 'water_auto_4h') }}
    ) as r
),

named as (
    select
        {{ water_point_id('m.point_id', 'w.province', 'w.section_name') }} as point_id,
        coalesce(i.factor_code, trim(w.item)) as factor_code, i.multiplier, w.observed_at,
        case when i.factor_code is not null then w.sent end as sent,
        {{ item_null_reason('w.sent', 'w.sent_qualifier') }} as null_reason,
        w.sent_qualifier, w.sent_detection_limit, w.sent_as_sent, w.item_unit, w._load_id, w._seq, w._row_no, w._col, w.crawl_date
    from told as w
    left join {{ ref('water_item') }} as i
        on trim(w.item) = i.item_name and coalesce(trim(w.item_unit), '') = coalesce(i.unit_as_sent, '')
    left join {{ ref('int_water_section_map') }} as m
        on trim(w.section_name) = m.section_name and w.observed_at >= m.valid_from_at and w.observed_at < m.valid_to_at
        and (w.province is null or w.province like '浙江%')
),

latest as (
    {{ latest_by_key('named', ['point_id', 'factor_code', 'observed_at'], arrival_order(['crawl_date'])) }}
)

{{ reading_select('latest', 'water_auto_4h', "'instant'", '0', "'preliminary'", value='sent', multiplier='multiplier', unit_as_sent='item_unit',
    null_reason='null_reason') }}
