-- additive indicators: the district equals its towns plus what has no town; where a town lacks a value, neither has one
with v as (
    select i.*
    from {{ ref('fct_indicator_value') }} as i
    inner join {{ ref('dim_indicator') }} as d on i.indicator_code = d.indicator_code and d.is_additive
    where i.subject_type = 'area' and d.family in ('complaint', 'forest', 'wetland', 'pollutant')
),

towns as (
    select
        indicator_code, period_type, period, basis, sum(value) as value,
        sum(case when applicability = 'missing' then 1 else 0 end) as missing_count
    from v
    where subject_id <> '330603'
    group by indicator_code, period_type, period, basis
)

select d.indicator_code, d.period, d.basis, d.value as district, t.value as towns
from v as d
inner join towns as t
    on
        d.indicator_code = t.indicator_code and d.period_type = t.period_type and d.period = t.period
        and d.basis = t.basis
where d.subject_id = '330603' and t.missing_count = 0 and d.value is distinct from t.value
