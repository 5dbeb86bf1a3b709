-- grain: point_id × observed_at
-- observed_at is the END of the second
{{ config(materialized='view') }}
select
    concat('noise:', trim(station_code)) as point_id,
    observed_at,
    leq_db,
    {{ month_of(add_seconds('observed_at', '-1')) }} as month,
    _load_id,
    _row_no
from {{ source('raw', 'noise_second_leq') }}
