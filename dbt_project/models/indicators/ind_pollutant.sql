-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- subject × indicator × period × basis (the pollutant)
with emission as (
    {{ register_item('emission_%') }}
),

gdp as (
    {{ register_item('gdp_10k_cny') }}
),

native as (
    select
        e.area_code as subject_id, 'pollutant_discharge_t' as indicator_code,
        replace(e.item_code, 'emission_', '') as basis,
        e.period_type, e.period, e.period_start_date, e.period_end_date,
        e.value, e.value as numerator, cast(null as decimal(18, 6)) as denominator,
        e.expected_count, e.observed_count,
        {{ register_applicability('e') }} as applicability,
        e.input_basis, e.input_body, e.input_document,
        {{ register_reason('e') }} as reason_zh
    from emission as e
    inner join {{ ref('dim_area') }} as a on e.area_code = a.area_code and a.area_type = 'town'
    union all
    select
        e.area_code as subject_id, 'pollutant_discharge_kg_10k_cny' as indicator_code,
        replace(e.item_code, 'emission_', '') as basis,
        e.period_type, e.period, e.period_start_date, e.period_end_date,
        {{ ratio(mul('e.value', '1000', 6), 'g.value', 6) }} as value,
        cast({{ mul('e.value', '1000', 6) }} as decimal(18, 6)) as numerator,
        g.value as denominator, e.expected_count,
        least(e.observed_count, coalesce(g.observed_count, 0)) as observed_count,
        case
            when not e.is_applicable then 'not_applicable'
            when e.value is null or g.value is null or g.value = 0 then 'missing'
            else 'applies'
        end as applicability,
        e.input_basis,
        concat(e.input_body, case when g.input_body <> e.input_body then concat('；', g.input_body) else '' end)
            as input_body,
        e.input_document,
        case
            when e.value is not null and g.value is null then '缺数：同期地区生产总值未报送'
            else {{ register_reason('e') }}
        end as reason_zh
    from emission as e
    left join gdp as g on e.area_code = g.area_code and e.period = g.period
),

{{ register_indicator('native', ['pollutant_discharge_t'], ['pollutant_discharge_t']) }}
