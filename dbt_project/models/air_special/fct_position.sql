-- grain: point_id × observed_at
-- where a moving point was
{{ config(meta={'evidence': [
    {'parent': 'stg_voc_route_position', 'label_zh': '走航车逐秒位置', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at'}}]}) }}
select
    point_id, run_code, observed_at, longitude, latitude, {{ month_of('observed_at') }} as month,
    'voc_route_second' as source, _load_id, _row_no, _col
from {{ ref('stg_voc_route_position') }}
