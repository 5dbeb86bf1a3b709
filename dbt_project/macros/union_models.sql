{#- Union of the models named by a var, columns in the stated order; an empty list gives an empty relation.
    columns: list of [name, type]. No model's name stands in the SQL, so a new one needs no edit here. -#}
{% macro union_models(model_names, columns) -%}
{%- if model_names -%}
{%- for model_name in model_names %}
select
    {%- for column in columns %}
    cast({{ column[0] }} as {{ column[1] }}) as {{ column[0] }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ ref(model_name) }}
{% if not loop.last %}union all{% endif %}
{%- endfor %}
{%- else -%}
select
    {%- for column in columns %}
    cast(null as {{ column[1] }}) as {{ column[0] }}{{ "," if not loop.last }}
    {%- endfor %}
where 1 = 0
{%- endif %}
{%- endmacro %}

{#- The columns of contract 4 (reading staging models), in order. -#}
{% macro reading_columns() -%}
{{ return([
    ['point_id', 'varchar'], ['factor_code', 'varchar'], ['statistic', 'varchar'], ['averaging_minutes', 'int'],
    ['observed_at', 'timestamp'], ['maturity', 'varchar'], ['value_origin', 'varchar'],
    ['value', 'decimal(18,6)'], ['value_as_sent', 'varchar'], ['unit_as_sent', 'varchar'],
    ['qualifier', 'varchar'], ['detection_limit', 'decimal(18,6)'], ['flag_device', 'varchar'],
    ['null_reason', 'varchar'], ['month', 'date'], ['source', 'varchar'], ['_load_id', 'varchar'],
    ['_row_no', 'bigint'], ['_col', 'varchar']
]) }}
{%- endmacro %}

{#- The columns of contract 6 (indicator families), in order. -#}
{% macro indicator_columns() -%}
{{ return([
    ['subject_type', 'varchar'], ['subject_id', 'varchar'], ['indicator_code', 'varchar'],
    ['period_type', 'varchar'], ['period', 'varchar'], ['period_start_date', 'date'],
    ['period_end_date', 'date'], ['basis', 'varchar'], ['value', 'decimal(18,6)'],
    ['numerator', 'decimal(18,6)'], ['denominator', 'decimal(18,6)'], ['expected_count', 'bigint'],
    ['observed_count', 'bigint'], ['maturity', 'varchar'], ['applicability', 'varchar'],
    ['input_basis', 'varchar'], ['input_body', 'varchar'], ['input_document', 'varchar'],
    ['input_period', 'varchar'], ['is_carried_forward', 'boolean'], ['carried_from_date', 'date'],
    ['reason_zh', 'varchar'], ['policy_version', 'varchar'], ['status', 'varchar']
]) }}
{%- endmacro %}

{#- The columns of the score models (contract 6), in order. -#}
{% macro score_columns() -%}
{{ return([
    ['index_code', 'varchar'], ['scheme_version', 'varchar'], ['subject_id', 'varchar'],
    ['period_type', 'varchar'], ['period', 'varchar'], ['component_code', 'varchar'],
    ['indicator_code', 'varchar'], ['value', 'decimal(18,6)'], ['floor_value', 'decimal(18,6)'],
    ['target_value', 'decimal(18,6)'], ['curve', 'varchar'], ['weight', 'decimal(18,6)'],
    ['score', 'decimal(18,6)'], ['contribution', 'decimal(18,6)'], ['amount_10k_cny', 'decimal(18,6)'],
    ['applicability', 'varchar'], ['input_basis', 'varchar'], ['input_body', 'varchar'],
    ['input_document', 'varchar'], ['input_period', 'varchar'], ['is_carried_forward', 'boolean'],
    ['carried_from_date', 'date'], ['clause_id', 'varchar'], ['status', 'varchar'],
    ['withheld_reason_zh', 'varchar']
]) }}
{%- endmacro %}

{#- SELECT of the columns of contract 6 (scores) from a relation that has them by name; given: name → SQL expression of the
    columns that it lacks or has otherwise. -#}
{% macro score_select(relation, given) -%}
select
    {%- for column in jianhu.score_columns() %}
    cast({{ given.get(column[0], column[0]) }} as {{ column[1] }}) as {{ column[0] }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ relation }}
{%- endmacro %}

{#- The columns of the early-warning models (warn_*; contract 12), in order. -#}
{% macro warning_columns() -%}
{{ return([
    ['warning_id', 'varchar'], ['warning_kind', 'varchar'], ['subject_type', 'varchar'], ['subject_id', 'varchar'],
    ['town_code', 'varchar'], ['factor_code', 'varchar'], ['started_at', 'timestamp'], ['ended_at', 'timestamp'],
    ['value', 'decimal(18,6)'], ['threshold_value', 'decimal(18,6)'], ['level_no', 'int'],
    ['message_zh', 'varchar'], ['clause_id', 'varchar'], ['status', 'varchar'], ['month', 'date'],
    ['source', 'varchar'], ['_load_id', 'varchar'], ['_row_no', 'bigint']
]) }}
{%- endmacro %}
