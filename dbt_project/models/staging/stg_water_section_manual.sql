-- grain: point_id × factor_code × observed_at
-- a result whose item and unit are no pair of water_item keeps its text, has no value and says unknown_item
with named as (
    select
        concat('water:', trim(w.section_code)) as point_id, coalesce(i.factor_code, trim(w.factor_name)) as factor_code,
        i.multiplier, w.sampled_at as observed_at, case when i.factor_code is not null then w.value end as value,
        {{ item_null_reason('w.value', 'w.value_qualifier') }} as null_reason,
        w.value_qualifier, w.value_detection_limit, w.value_as_sent, w.unit_text, w.sample_no,
        coalesce(a.maturity, 'preliminary') as maturity, w._null_reason, w._load_id, w._seq, w._row_no, w._col
    from {{ source('raw', 'water_section_manual') }} as w
    left join {{ ref('water_item') }} as i
        on trim(w.factor_name) = i.item_name and coalesce(trim(w.unit_text), '') = coalesce(i.unit_as_sent, '')
    left join {{ ref('water_maturity') }} as a on trim(w.maturity) = a.alias
),

latest as (
    {{ latest_by_key('named', ['point_id', 'factor_code', 'observed_at', 'maturity'], arrival_order()) }}
)

{{ reading_select('latest', 'water_section_manual', "'instant'", '0', value='value', multiplier='multiplier', unit_as_sent='unit_text',
    null_reason='null_reason') }}
