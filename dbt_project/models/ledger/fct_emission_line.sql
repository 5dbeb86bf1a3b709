-- grain: area_code × pollutant_code × period × source_kind × sub_source
-- one line of activity × factor of a mobile or area source; a factor without a source is blank, and so is the amount
select
    town_code as area_code, pollutant_code, period_type, period, period_start_date, period_end_date, source_kind, sub_source,
    activity_amount, activity_unit, factor_kg_unit, factor_source, method_version,
    cast({{ ratio(mul('activity_amount', 'factor_kg_unit', 12), '1000', 6, 12) }} as decimal(18, 6)) as emission_t,
    case
        when activity_amount is null then '缺活动水平'
        when factor_kg_unit is null then '缺排放因子'
    end as reason_zh,
    'unverified' as status,
    _load_id, _row_no
from {{ ref('stg_emission_activity') }}
where town_code is not null and period_type is not null and source_kind is not null
