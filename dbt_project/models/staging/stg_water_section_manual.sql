-- grain: point_id × factor_code × observed_at
with named as (
    select
        concat('water:', trim(w.section_code)) as point_id, i.factor_code, i.multiplier, w.sampled_at, w.value,
        w.value_qualifier, w.value_detection_limit, w.value_as_sent, w.unit_text, w.sample_no,
        coalesce(a.maturity, 'preliminary') as maturity, w._null_reason, w._load_id, w._seq, w._row_no, w._col
    from {{ source('raw', 'water_section_manual') }} as w
    inner join {{ ref('water_item') }} as i
        on trim(w.factor_name) = i.item_name and coalesce(trim(w.unit_text), '') = coalesce(i.unit_as_sent, '')
    left join {{ ref('water_maturity') }} as a on trim(w.maturity) = a.alias
),

latest as (
    {{ latest_by_key('named', ['point_id', 'factor_code', 'sampled_at', 'maturity'], arrival_order()) }}
)

select
    point_id,
    factor_code,
    'instant' as statistic,
    0 as averaging_minutes,
    sampled_at as observed_at,
    maturity,
    'observed' as value_origin,
    cast({{ mul('value', 'multiplier', 6) }} as decimal(18, 6)) as value,
    value_as_sent,
    unit_text as unit_as_sent,
    value_qualifier as qualifier,
    cast({{ mul('value_detection_limit', 'multiplier', 6) }} as decimal(18, 6)) as detection_limit,
    cast(null as varchar) as flag_device,
    case
        when value is not null then null when value_qualifier = '<' then 'below_detection'
        else coalesce(_null_reason, 'blank')
    end as null_reason,
    {{ month_of('sampled_at') }} as month,
    'water_section_manual' as source,
    _load_id,
    _row_no,
    _col
from latest
