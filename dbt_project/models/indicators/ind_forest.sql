-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- subject × indicator × period × basis; the district's cover is its own report, never a mean of the towns
with chosen_items as (
    select
        v.area_code, v.item_code, v.period_type, v.period, v.period_start_date, v.period_end_date, v.value,
        v.is_applicable, cast(1 as bigint) as expected_count,
        cast(case when v.value is null and v.is_applicable then 0 else 1 end as bigint) as observed_count,
        v.input_basis, v.input_body, v.input_document, v.summed_from
    from {{ ref('int_register_period') }} as v
    where
        (v.area_type = 'town' and v.item_code in ('forest_cover_pct', 'forest_stock_m3', 'public_benefit_forest_mu'))
        or (v.area_type = 'district' and v.item_code = 'forest_cover_pct')
),

native as (
    select
        c.area_code as subject_id, c.item_code as indicator_code, 'default' as basis,
        c.period_type, c.period, c.period_start_date, c.period_end_date,
        c.value, c.value as numerator, cast(null as decimal(18, 6)) as denominator,
        c.expected_count, c.observed_count,
        {{ register_applicability('c') }} as applicability,
        c.input_basis, c.input_body, c.input_document,
        {{ register_reason('c') }} as reason_zh
    from chosen_items as c
),

{{ register_indicator('native', [], ['forest_stock_m3', 'public_benefit_forest_mu']) }}
