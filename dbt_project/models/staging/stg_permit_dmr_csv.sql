-- grain: dmr_form_value_id × limit_value_id × monitoring_period_end_date × dmr_value_id
{{ config(meta={'publish': false}) }}
with latest as (
    {{ latest_by_key(source('raw', 'permit_dmr_csv'),
        ['dmr_form_value_id', 'limit_value_id', 'monitoring_period_end_date', 'dmr_value_id'], arrival_order()) }}
)

select
    trim(npdes_id) as npdes_id, trim(outlet_no) as outlet_no, trim(parameter_code) as parameter_code,
    trim(parameter_name) as parameter_name, limit_value_id, limit_value, trim(limit_qualifier) as limit_qualifier,
    trim(limit_unit) as limit_unit, trim(statistical_base) as statistical_base, trim(statistical_base_type) as statistical_base_type,
    monitoring_period_end_date, dmr_form_value_id, dmr_value_id, dmr_value, trim(dmr_qualifier) as dmr_qualifier,
    nullif(trim(nodi_code), '') as nodi_code, exceedance_pct as published_exceedance_pct, trim(violation_code) as violation_code,
    received_date, _load_id, _row_no
from latest
