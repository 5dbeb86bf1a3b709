-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- subject × indicator × period × basis; the district's cover is its own report, never a mean of the towns
with items as (
    {{ register_item('forest_%') }}
    union all
    {{ register_item('public_benefit_forest_mu') }}
),

own as (
    select
        v.area_code, v.item_code, v.period_type, v.period, v.period_start_date, v.period_end_date, v.value,
        v.is_applicable, cast(1 as bigint) as expected_count,
        cast(case when v.value is null then 0 else 1 end as bigint) as observed_count,
        v.input_basis, v.input_body, v.input_document, v.summed_from
    from {{ ref('int_register_period') }} as v
    inner join {{ ref('dim_area') }} as a on v.area_code = a.area_code and a.area_type = 'district'
    where v.item_code = 'forest_cover_pct'
),

chosen as (
    select * from items
    where item_code <> 'forest_cover_pct' or area_code not in (select area_code from {{ ref('dim_area') }} where area_type = 'district')
    union all
    select * from own
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
    from chosen as c
),

{{ register_indicator('native') }}
