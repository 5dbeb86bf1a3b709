-- grain: enterprise_name × outlet_name × pollutant_name
{{ config(meta={'publish': false}) }}
with latest as (
    {{ latest_by_key(source('raw', 'permit_national_limits'), ['enterprise_name', 'outlet_name', 'pollutant_name'], arrival_order()) }}
)

select
    {{ tidy('enterprise_name') }} as enterprise_name, {{ tidy('outlet_name') }} as outlet_name,
    {{ tidy('pollutant_name') }} as pollutant_name, limit_value, exceed_count, trim(unit_text) as unit_text, trim(trend) as trend,
    median_value, _load_id, _row_no
from latest
