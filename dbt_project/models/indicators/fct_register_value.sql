-- grain: area_code × item_code × period
-- what offices reported, one value each, as it came; unreadable towns and periods stay in staging as findings
with reported as (
    select
        town_code as area_code,
        concat('emission_', pollutant_code) as item_code,
        true as is_amount,
        period_type, period, period_start_date, period_end_date,
        emission_t as value,
        true as is_applicable,
        input_basis, input_body, input_document, 'env_statistics' as source, _load_id, _row_no
    from {{ ref('stg_env_statistics') }}
    {%- for item in [['energy', 'energy_tce', 'true', 'true'], ['energy', 'gdp_10k_cny', 'true', 'true'],
                     ['forest', 'forest_cover_pct', 'false', 'is_applicable'],
                     ['forest', 'forest_stock_m3', 'false', 'is_applicable'],
                     ['forest', 'public_benefit_forest_mu', 'false', 'is_applicable'],
                     ['wetland', 'important_wetland_mu', 'false', 'is_applicable'],
                     ['wetland', 'protected_wetland_mu', 'false', 'is_applicable']] %}
    union all
    select
        town_code as area_code,
        '{{ item[1] }}' as item_code,
        {{ item[2] }} as is_amount,
        period_type, period, period_start_date, period_end_date,
        {{ item[1] }} as value,
        {{ item[3] }} as is_applicable,
        input_basis, input_body, input_document, '{{ item[0] }}' as source, _load_id, _row_no
    from {{ ref('stg_' ~ item[0]) }}
    {%- endfor %}
)

select
    r.area_code,
    a.area_type,
    a.parent_code,
    r.item_code,
    r.is_amount,
    r.period_type,
    r.period,
    r.period_start_date,
    r.period_end_date,
    cast(r.value as decimal(18, 6)) as value,
    r.is_applicable,
    r.input_basis,
    r.input_body,
    r.input_document,
    r.source,
    r._load_id,
    r._row_no
from reported as r
inner join {{ ref('dim_area') }} as a on r.area_code = a.area_code
where r.period_type is not null
