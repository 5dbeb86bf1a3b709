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
        case when w.has_original then w.value_original else w.value end as sent_value,
        case when w.has_original then w.value_original_qualifier else w.value_qualifier end as sent_qualifier,
        case when w.has_original then w.value_original_detection_limit else w.value_detection_limit end
            as sent_detection_limit,
        case when w.has_original then w.value_original_as_sent else w.value_as_sent end as sent_text,
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

select
    point_id,
    factor_code,
    'instant' as statistic,
    0 as averaging_minutes,
    observed_at,
    'preliminary' as maturity,
    'observed' as value_origin,
    cast({{ mul('sent_value', 'multiplier', 6) }} as decimal(18, 6)) as value,
    sent_text as value_as_sent,
    item_unit as unit_as_sent,
    sent_qualifier as qualifier,
    cast({{ mul('sent_detection_limit', 'multiplier', 6) }} as decimal(18, 6)) as detection_limit,
    cast(null as varchar) as flag_device,
    case
        when sent_value is not null then null when sent_qualifier = '<' then 'below_detection'
        else coalesce(_null_reason, 'blank')
    end as null_reason,
    {{ month_of('observed_at') }} as month,
    'water_auto_4h' as source,
    _load_id,
    _row_no,
    _col
from latest
