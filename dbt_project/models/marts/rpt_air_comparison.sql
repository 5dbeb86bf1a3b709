-- grain: subject_id × indicator_code × period_type × period × basis
-- Every year-on-year comparison of air with the basis that it stands on, in words.
select
    y.indicator_code,
    y.subject_id,
    a.name_zh as area_name_zh,
    a.area_type,
    i.name_zh as indicator_name_zh,
    i.unit_symbol,
    y.period_type,
    y.period,
    y.basis,
    {{ air_basis_zh('y.basis') }} as basis_zh,
    y.regime,
    y.is_dust_excluded,
    y.value,
    y.last_year_value,
    y.difference,
    y.change_pct,
    y.maturity,
    y.last_year_maturity,
    y.point_set,
    y.last_year_point_set,
    y.is_same_point_set,
    y.replaced_zh,
    y.observed_count,
    y.last_year_observed_count,
    case when y.reason_zh is null then 'applies' else 'missing' end as applicability,
    y.reason_zh,
    y.status
from {{ ref('fct_air_year_on_year') }} as y
inner join {{ ref('dim_area') }} as a on y.subject_id = a.area_code
inner join {{ ref('dim_indicator') }} as i on y.indicator_code = i.indicator_code
