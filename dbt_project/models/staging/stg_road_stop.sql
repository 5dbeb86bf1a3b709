-- grain: stop_no
with latest as (
    {{ latest_by_key(source('raw', 'road_stop'), ['stop_no'], snapshot_order()) }}
)

select
    {{ squeeze('l.stop_no') }} as stop_no,
    l.stopped_at,
    coalesce(town.area_code, bare.area_code) as town_code,
    {{ keyed_hash(squeeze('l.plate')) }} as plate_hash,
    s.emission_stage,
    s.stage_no,
    l.smoke_k_m,
    {{ tidy('l.finding') }} as finding,
    a.result,
    l._load_id,
    l._row_no
from latest as l
left join {{ ref('mobile_result_alias') }} as a on {{ squeeze('l.result') }} = a.alias
left join {{ ref('emission_stage_alias') }} as s on {{ squeeze('l.emission_stage') }} = s.alias
{{ join_town('l.town_name') }}
