-- grain: risk_no × valid_from
{{ config(meta={'publish': true}) }}
select
    trim(risk_no) as risk_no, trim(name_zh) as name_zh, trim(site_code) as site_code, trim(town_code) as town_code,
    longitude, latitude, trim(risk_level) as risk_level, trim(substance_zh) as substance_zh, valid_from, valid_to,
    _load_id, _row_no
from {{ source('raw', 'emergency_risk_source') }}
