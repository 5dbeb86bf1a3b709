-- grain: point_id × factor_code × statistic × observed_at
-- hours are labelled by their start; an outlet is found by company and outlet name, code, or name with code. A figure of an unknown
-- factor or in an unknown unit keeps its text, has no value and says unknown_item; a figure without a unit is in the factor's own
{{ config(meta={'publish': false, 'lookback_hours': 0}) }}
with named as (
    select
        coalesce('outlet:' || o.outlet_id, concat('export:', {{ squeeze('e.company_name') }}, '/', {{ squeeze('e.outlet_name') }}))
            as point_id,
        coalesce(f.factor_code, {{ squeeze('e.factor_name') }}) as factor_code, e.data_time, e.mark, e.unit_text,
        f.factor_code is not null as is_known_factor,
        case when coalesce({{ squeeze('e.unit_text') }}, '') = '' then cast(1 as decimal(18, 6)) else u.multiplier end as multiplier,
        e.concentration, e.concentration_qualifier, e.concentration_detection_limit, e.concentration_as_sent,
        e.concentration_converted, e.concentration_converted_qualifier, e.concentration_converted_detection_limit,
        e.concentration_converted_as_sent,
        e.emission_kg, e.emission_kg_qualifier, e.emission_kg_detection_limit, e.emission_kg_as_sent,
        e._window_start, e._load_id, e._seq, e._row_no, e._col
    from {{ source('raw', 'cems_platform_export') }} as e
    left join {{ ref('source_factor_name') }} as f on {{ squeeze('e.factor_name') }} = f.factor_name
    left join {{ ref('source_unit') }} as u on {{ squeeze('e.unit_text') }} = u.unit_as_sent
    left join {{ ref('int_outlet_name') }} as o
        on {{ squeeze('e.company_name') }} = o.company_name and {{ squeeze('e.outlet_name') }} = o.outlet_name
),

latest as (
    {{ latest_by_key('named', ['point_id', 'factor_code', 'data_time'], ['_window_start desc'] + arrival_order()) }}
),

measured as (
    {% for column, statistic, scaled in [('concentration', 'mean', true), ('concentration_converted', 'mean_converted', true),
        ('emission_kg', 'total', false)] %}
    select
        point_id, factor_code, is_known_factor, '{{ statistic }}' as statistic, data_time, mark,
        {{ "unit_text" if scaled else "'kg'" }} as unit_text, {{ "multiplier" if scaled else "cast(1 as decimal(18, 6))" }} as multiplier,
        {{ column }} as sent_value, {{ column }}_qualifier as sent_qualifier,
        {{ column }}_detection_limit as sent_detection_limit, {{ column }}_as_sent as sent_text,
        _load_id, _row_no, _col
    from latest
    where {{ column }} is not null or {{ column }}_qualifier is not null{{ " or coalesce(concentration, concentration_converted, emission_kg) is null" if statistic == 'mean' }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    point_id,
    factor_code,
    statistic,
    60 as averaging_minutes,
    {{ add_hours('data_time', 1) }} as observed_at,
    'preliminary' as maturity,
    'observed' as value_origin,
    cast({{ mul('case when is_known_factor then sent_value end', 'multiplier', 6) }} as decimal(18, 6)) as value,
    sent_text as value_as_sent,
    unit_text as unit_as_sent,
    sent_qualifier as qualifier,
    cast({{ mul('sent_detection_limit', 'multiplier', 6) }} as decimal(18, 6)) as detection_limit,
    nullif(trim(mark), '') as flag_device,
    case
        when not is_known_factor or multiplier is null then 'unknown_item' when sent_value is not null then null
        when sent_qualifier = '<' then 'below_detection' else 'blank'
    end as null_reason,
    {{ month_of('data_time') }} as month,
    'cems_platform_export' as source,
    _load_id,
    _row_no,
    _col
from measured
