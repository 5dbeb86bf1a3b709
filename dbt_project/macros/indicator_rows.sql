{#- Rows of an indicator family (contract 6) from a relation with period_type, period_start_date, area_code,
    indicator_code, expected_count, observed_count; the other arguments are SQL expressions over it. Rows are of areas (column area_code) unless
    subject_type and subject say otherwise. -#}
{% macro indicator_rows(relation, value, numerator, denominator, applicability, reason, maturity, policy_version,
    status, basis="'default'", input_basis="'监测认定'", subject_type="'area'", subject='area_code') -%}
select
    {{ subject_type }} as subject_type,
    {{ subject }} as subject_id,
    indicator_code,
    period_type,
    case period_type
        when 'month' then {{ period_label('period_start_date', 'month') }}
        when 'quarter' then {{ period_label('period_start_date', 'quarter') }}
        else {{ period_label('period_start_date', 'year') }}
    end as period,
    period_start_date,
    case period_type
        when 'month' then {{ period_end('period_start_date', 'month') }}
        when 'quarter' then {{ period_end('period_start_date', 'quarter') }}
        else {{ period_end('period_start_date', 'year') }}
    end as period_end_date,
    {{ basis }} as basis,
    cast({{ value }} as decimal(18, 6)) as value,
    cast({{ numerator }} as decimal(18, 6)) as numerator,
    cast({{ denominator }} as decimal(18, 6)) as denominator,
    cast(expected_count as bigint) as expected_count,
    cast(observed_count as bigint) as observed_count,
    cast({{ maturity }} as varchar) as maturity,
    {{ applicability }} as applicability,
    {{ input_basis }} as input_basis,
    cast(null as varchar) as input_body,
    cast(null as varchar) as input_document,
    case period_type
        when 'month' then {{ period_label('period_start_date', 'month') }}
        when 'quarter' then {{ period_label('period_start_date', 'quarter') }}
        else {{ period_label('period_start_date', 'year') }}
    end as input_period,
    false as is_carried_forward,
    cast(null as date) as carried_from_date,
    cast({{ reason }} as varchar) as reason_zh,
    {{ policy_version }} as policy_version,
    {{ status }} as status
from {{ relation }}
{%- endmacro %}
