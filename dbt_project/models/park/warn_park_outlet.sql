-- grain: warning_id
-- rain pipes with water on a dry day, and hours of a sewage outlet above the daily figure: to be looked at, no exceedance
with over as (
    {%- for f in [('w01018', 'cod_mg_l'), ('w21003', 'nh3n_mg_l')] %}
    select
        h.point_id, h.town_code, '{{ f[0] }}' as factor_code, h.observed_at, h.{{ f[1] }} as value, l.limit_value, l.clause_id, l.status, h.month,
        h.source, h._load_id, h._row_no
    from {{ ref('int_park_hour') }} as h
    inner join {{ ref('park_outlet_limit') }} as l
        on h.role = l.role and l.factor_code = '{{ f[0] }}' and {{ in_force('h.date_day', 'l.') }} and h.{{ f[1] }} > l.limit_value
    where h.rank_in_hour = 1
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    finding_id as warning_id, finding_kind as warning_kind, 'point' as subject_type, point_id as subject_id, town_code, 'w00000' as factor_code,
    started_at, ended_at, max_flow_m3_h as value, threshold_value, cast(1 as int) as level_no, finding_zh as message_zh,
    'park_rain_outlet' as clause_id, status, month, source, _load_id, _row_no
from {{ ref('fct_park_finding') }}
union all
select
    concat('park_sewage_hour_over:', point_id, ':', factor_code, ':', cast(observed_at as varchar)) as warning_id, 'park_sewage_hour_over' as warning_kind,
    'point' as subject_type, point_id as subject_id, town_code, factor_code, {{ add_hours('observed_at', -1) }} as started_at, observed_at as ended_at,
    value, limit_value as threshold_value, cast(2 as int) as level_no, '园区污水排口小时值高于日均限值，请核查' as message_zh, clause_id, status,
    month, source, _load_id, _row_no
from over
