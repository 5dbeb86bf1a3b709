-- a total is the exact sum of its kinds, or blank where a kind is; a district's figure is the exact sum of its towns, or blank
with kinds as (
    select
        area_code, pollutant_code, period,
        case when count(*) = count(emission_t) then sum(emission_t) end as summed
    from {{ ref('fct_emission_ledger') }}
    where source_kind <> 'total'
    group by area_code, pollutant_code, period
),

towns as (
    select
        l.pollutant_code, l.period, l.source_kind,
        case when count(*) = count(l.emission_t) then sum(l.emission_t) end as summed
    from {{ ref('fct_emission_ledger') }} as l
    inner join {{ ref('dim_area') }} as a on l.area_code = a.area_code and a.area_type = 'town'
    group by l.pollutant_code, l.period, l.source_kind
)

select l.area_code, l.pollutant_code, l.period, l.source_kind, l.emission_t, k.summed
from {{ ref('fct_emission_ledger') }} as l
inner join kinds as k on l.area_code = k.area_code and l.pollutant_code = k.pollutant_code and l.period = k.period
where l.source_kind = 'total' and l.emission_t is distinct from k.summed
union all
select l.area_code, l.pollutant_code, l.period, l.source_kind, l.emission_t, t.summed
from {{ ref('fct_emission_ledger') }} as l
inner join {{ ref('dim_area') }} as a on l.area_code = a.area_code and a.area_type = 'district'
inner join towns as t on l.pollutant_code = t.pollutant_code and l.period = t.period and l.source_kind = t.source_kind
where l.emission_t is distinct from t.summed
