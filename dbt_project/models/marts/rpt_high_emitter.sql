-- grain: vehicle_id
-- vehicles on the list of high emitters by their newest listing; the plate is found in the restricted register
with newest as (
    {{ latest_by_key(ref('fct_high_emitter'), ['vehicle_id'], ['listed_at desc', 'listed_record_no desc']) }}
),

listings as (
    select vehicle_id, count(*) as listing_count, min(listed_at) as first_listed_at from {{ ref('fct_high_emitter') }} group by vehicle_id
),

tested as (
    select vehicle_id, max(case when result = 'pass' and event_kind = 'inspection' then occurred_at end) as last_passed_at
    from {{ ref('fct_mobile_event') }}
    group by vehicle_id
)

select
    'mobile_high_emitter_count' as indicator_code, n.vehicle_id as subject_id, n.registered_town_code as town_code,
    a.name_zh as town_name_zh, n.is_registered, n.vehicle_class, n.emission_stage, l.first_listed_at, n.listed_at as last_listed_at,
    n.listed_record_no, n.fail_count, n.window_months, l.listing_count, t.last_passed_at,
    coalesce(t.last_passed_at > n.listed_at, false) as is_passed_since, n.clause_id, n.status
from newest as n
inner join listings as l on n.vehicle_id = l.vehicle_id
left join tested as t on n.vehicle_id = t.vehicle_id
left join {{ ref('dim_area') }} as a on n.registered_town_code = a.area_code
