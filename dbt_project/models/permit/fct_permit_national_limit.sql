-- grain: enterprise_name × outlet_name × pollutant_name
-- published limits carry no statistic and no conversion: they are told, nothing is judged by them
select
    l.enterprise_name, l.outlet_name, l.pollutant_name, f.factor_code,
    case when l.limit_value > 0 then l.limit_value end as limit_value, l.unit_text, l.median_value, l.exceed_count, l.trend,
    case when l.limit_value is null or l.limit_value <= 0 then '未评价（缺限值）' end as reason_zh,
    h.enterprise_name is not null as has_holder,
    l._load_id, l._row_no
from {{ ref('stg_permit_national_limits') }} as l
left join {{ ref('source_factor_name') }} as f on l.pollutant_name = f.factor_name
left join {{ ref('stg_permit_national_json') }} as h on l.enterprise_name = h.enterprise_name
