-- grain: event_kind × event_id
-- one vehicle met at one place: remote sensing, inspection, road stop, gate. The register's stage and class go before
-- those of the event; a vehicle that the register does not hold on that day keeps a name made of its plate.
with told as (
    select
        'remote_sensing' as event_kind, record_no as event_id, plate_hash, passed_at as occurred_at, station_code as place_code,
        cast(null as varchar) as town_code, cast(null as varchar) as direction, cast(null as varchar) as vehicle_class,
        cast(null as varchar) as emission_stage, cast(null as int) as stage_no, result, 'remote_sensing' as source, _load_id, _row_no
    from {{ ref('stg_remote_sensing') }}
    union all
    select
        'inspection', report_no, plate_hash, started_at, station_code, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), cast(null as varchar), cast(null as int), result, 'vehicle_inspection', _load_id, _row_no
    from {{ ref('stg_vehicle_inspection') }}
    union all
    select
        'road_stop', stop_no, plate_hash, stopped_at, cast(null as varchar), town_code, cast(null as varchar),
        cast(null as varchar), emission_stage, stage_no, result, 'road_stop', _load_id, _row_no
    from {{ ref('stg_road_stop') }}
    union all
    select
        'gate_access', concat(g.gate_code, '@', cast(g.passed_at as varchar), '#', substr(g.plate_hash, 1, 8)), g.plate_hash, g.passed_at,
        g.gate_code, s.town_code, g.direction, g.vehicle_class, g.emission_stage, g.stage_no, cast(null as varchar), 'gate_access',
        g._load_id, g._row_no
    from {{ ref('stg_gate_access') }} as g
    left join {{ ref('dim_site') }} as s on g.site_code = s.site_code
),

-- of several vehicles registered under one plate on that day the newest row is taken
met as (
    select
        t.*, v.vehicle_id as registered_id, v.vehicle_class as registered_class, v.emission_stage as registered_stage,
        v.stage_no as registered_stage_no, v.town_code as registered_town_code,
        row_number() over (partition by t.event_kind, t.event_id order by v.valid_from desc nulls last, v.vehicle_id asc) as choice
    from told as t
    left join {{ ref('dim_mobile_vehicle') }} as v
        on t.plate_hash = v.plate_hash and {{ in_force(date_of('t.occurred_at'), 'v.') }}
)

select
    event_kind, event_id, coalesce(registered_id, {{ vehicle_key('plate_hash', 'plate') }}) as vehicle_id,
    registered_id is not null as is_registered,
    occurred_at, {{ month_of('occurred_at') }} as month, place_code, town_code, registered_town_code, direction,
    coalesce(registered_class, vehicle_class) as vehicle_class,
    coalesce(registered_stage, emission_stage) as emission_stage,
    case when registered_stage is not null then registered_stage_no else stage_no end as stage_no,
    case when registered_stage is not null then 'register' when emission_stage is not null then 'event' else 'none' end as stage_basis,
    coalesce(registered_stage <> emission_stage, false) as is_stage_contradicted,
    result, source, _load_id, _row_no
from met
where choice = 1
