-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity × value_origin × source
-- values are never changed here; rule marks come from int_reading_flag, human marks from the register of marks
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'int_reading_hour', 'label_zh': '由更细读数得到的小时值', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'statistic': 'statistic', 'averaging_minutes': 'averaging_minutes', 'observed_at': 'observed_at', 'maturity': 'maturity',
        'value_origin': 'value_origin', 'source': 'source'}}]}) }}
with readings as (
    {{ union_models(var('reading_models'), reading_columns()) }}
)

select
    r.point_id, r.factor_code, r.statistic, r.averaging_minutes, r.observed_at, r.maturity, r.value_origin,
    r.value, r.value_as_sent, r.unit_as_sent, r.qualifier, r.detection_limit, r.flag_device, r.null_reason,
    r.month, r.source, r._load_id, r._row_no, r._col,
    f.flag_rule,
    h.flag as flag_human
from readings as r
left join {{ ref('int_reading_flag') }} as f
    on r.point_id = f.point_id
    and r.factor_code = f.factor_code
    and r.statistic = f.statistic
    and r.averaging_minutes = f.averaging_minutes
    and r.observed_at = f.observed_at
    and r.maturity = f.maturity
    and r.value_origin = f.value_origin
    and r.source = f.source
left join {{ ref('int_removal_span') }} as h
    on r.point_id = h.point_id
    and r.factor_code = h.factor_code
    and r.observed_at > h.observed_from
    and r.observed_at <= h.observed_to
