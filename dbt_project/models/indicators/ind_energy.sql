-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- subject × indicator × period × basis; energy per GDP and its change on the same period of last year
with energy as (
    {{ register_item('energy_tce') }}
),

gdp as (
    {{ register_item('gdp_10k_cny') }}
),

intensity as (
    select
        e.area_code, e.period_type, e.period, e.period_start_date, e.period_end_date,
        {{ ratio('e.value', 'g.value', 6) }} as value,
        e.value as numerator, g.value as denominator, e.is_applicable, e.expected_count,
        least(e.observed_count, coalesce(g.observed_count, 0)) as observed_count,
        e.input_basis, e.input_body, e.input_document, e.summed_from
    from energy as e
    left join gdp as g on e.area_code = g.area_code and e.period = g.period
),

native as (
    select
        i.area_code as subject_id, 'energy_per_gdp_tce_10k_cny' as indicator_code, 'default' as basis,
        i.period_type, i.period, i.period_start_date, i.period_end_date,
        i.value, i.numerator, i.denominator, i.expected_count, i.observed_count,
        {{ register_applicability('i') }} as applicability,
        i.input_basis, i.input_body, i.input_document,
        {{ register_reason('i') }} as reason_zh
    from intensity as i
    union all
    select
        i.area_code as subject_id, 'energy_per_gdp_change_pct' as indicator_code, 'default' as basis,
        i.period_type, i.period, i.period_start_date, i.period_end_date,
        {{ ratio(mul('(i.value - p.value)', '100', 6), 'p.value', 6) }} as value,
        i.value as numerator, p.value as denominator, i.expected_count,
        least(i.observed_count, coalesce(p.observed_count, 0)) as observed_count,
        case when i.value is null or p.value is null or p.value = 0 then 'missing' else 'applies' end
            as applicability,
        i.input_basis, i.input_body, i.input_document,
        case
            when i.value is null then {{ register_reason('i') }}
            when p.value is null then '缺数：无上年同期'
        end as reason_zh
    from intensity as i
    left join intensity as p
        on
            i.area_code = p.area_code
            and i.period_type = p.period_type
            and i.period_start_date = {{ add_months('p.period_start_date', 12) }}
),

{{ register_indicator('native', ['energy_per_gdp_change_pct']) }}
