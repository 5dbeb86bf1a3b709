-- grain: enterprise_name
-- two published lists can name one holder: the one that carries codes tells
-- codes as published: a blank or a placeholder is null, anything else is kept and judged in permit_national_holder
{{ config(meta={'publish': false}) }}
with latest as (
    {{ latest_by_key(source('raw', 'permit_national_json'), ['enterprise_name'],
        ["case when coalesce(uscc, permit_no) is null then 1 else 0 end asc"] + arrival_order()) }}
)

select
    {{ tidy('enterprise_name') }} as enterprise_name,
    {{ tidy('city_name') }} as city_name,
    uscc as uscc_as_sent,
    permit_no as permit_no_as_sent,
    nullif({{ squeeze(squeeze_zero_width('uscc')) }}, '-') as uscc,
    nullif({{ squeeze(squeeze_zero_width('permit_no')) }}, '-') as permit_no,
    {{ tidy('industry_name') }} as industry_name,
    longitude, latitude, air_pollutants, air_standards, water_pollutants, water_standards, credit_level, exceed_count,
    _load_id, _row_no
from latest
