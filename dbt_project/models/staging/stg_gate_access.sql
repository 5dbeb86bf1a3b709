-- grain: gate_code × passed_at × plate
{{ config(materialized='view') }}
select
    {{ squeeze('l.gate_code') }} as gate_code,
    {{ squeeze('l.site_code') }} as site_code,
    l.passed_at,
    {{ keyed_hash(squeeze('l.plate')) }} as plate_hash,
    {{ tidy('l.direction') }} as direction,
    {{ tidy('l.vehicle_class') }} as vehicle_class,
    s.emission_stage,
    s.stage_no,
    l._load_id,
    l._row_no
from {{ source('raw', 'gate_access') }} as l
left join {{ ref('emission_stage_alias') }} as s on {{ squeeze('l.emission_stage') }} = s.alias
