-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- subject × indicator × period × basis
with important as (
    {{ register_item('important_wetland_mu') }}
),

protected as (
    {{ register_item('protected_wetland_mu') }}
),

native as (
    select
        p.area_code as subject_id, 'wetland_protected_mu' as indicator_code, 'default' as basis,
        p.period_type, p.period, p.period_start_date, p.period_end_date,
        p.value, p.value as numerator, cast(null as decimal(18, 6)) as denominator,
        p.expected_count, p.observed_count,
        {{ register_applicability('p') }} as applicability,
        p.input_basis, p.input_body, p.input_document,
        {{ register_reason('p') }} as reason_zh
    from protected as p
    inner join {{ ref('dim_area') }} as a on p.area_code = a.area_code and a.area_type = 'town'
    union all
    select
        p.area_code as subject_id, 'wetland_protected_share_pct' as indicator_code, 'default' as basis,
        p.period_type, p.period, p.period_start_date, p.period_end_date,
        {{ ratio(mul('p.value', '100', 6), 'i.value', 6) }} as value,
        p.value as numerator, i.value as denominator, p.expected_count,
        least(p.observed_count, coalesce(i.observed_count, 0)) as observed_count,
        case
            when not p.is_applicable or i.value = 0 then 'not_applicable'
            when p.value is null or i.value is null then 'missing'
            else 'applies'
        end as applicability,
        p.input_basis, p.input_body, p.input_document,
        case
            when i.value = 0 then '不适用：没有重要湿地'
            else {{ register_reason('p') }}
        end as reason_zh
    from protected as p
    left join important as i on p.area_code = i.area_code and p.period = i.period
),

{{ register_indicator('native', [], ['wetland_protected_mu']) }}
