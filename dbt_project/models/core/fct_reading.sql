-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity × value_origin × source
{{ config(meta={'lookback_hours': 0}) }}
with readings as (
    {{ union_models(var('reading_models'), reading_columns()) }}
)

select
    point_id, factor_code, statistic, averaging_minutes, observed_at, maturity, value_origin, value,
    value_as_sent, unit_as_sent, qualifier, detection_limit, flag_device, null_reason, month, source,
    _load_id, _row_no, _col,
    cast(null as varchar) as flag_rule,
    cast(null as varchar) as flag_human
from readings
