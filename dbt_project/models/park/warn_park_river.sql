-- grain: warning_id
-- a suspected discharge between two stations of a river beside a park
select
    concat('park_river_discharge:', from_point_id, ':', to_point_id, ':', factor_code, ':', maturity, ':', cast(started_at as varchar)) as warning_id,
    'park_river_discharge' as warning_kind, 'point' as subject_type, from_point_id as subject_id, town_code, factor_code,
    started_at, ended_at, max_difference as value, threshold_value, cast(1 as int) as level_no, finding_zh as message_zh,
    'park_river_watch' as clause_id, status, month, source, _load_id, _row_no
from {{ ref('fct_park_river_event') }}
