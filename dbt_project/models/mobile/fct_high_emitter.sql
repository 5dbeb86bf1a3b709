-- grain: listed_record_no
-- a failed remote-sensing record with which the vehicle has the seeded number of failures within the window of months
{{ config(meta={'evidence': [
    {'parent': 'fct_mobile_event', 'label_zh': '遥感记录', 'on': {'vehicle_id': 'vehicle_id', 'event_kind': "'remote_sensing'",
        'occurred_at <=': 'listed_at'}}]}) }}
with rules as (
    {{ rule_days('mobile_rule', ['high_emitter_fail_count', 'high_emitter_window_months']) }}
),

fails as (
    select * from {{ ref('fct_mobile_event') }}
    where event_kind = 'remote_sensing' and result = 'fail' and vehicle_id is not null
),

counted as (
    select
        l.event_id as listed_record_no, l.vehicle_id, l.occurred_at as listed_at, l.month, l.registered_town_code, l.vehicle_class,
        l.emission_stage, l.is_registered, l._load_id, l._row_no, r.high_emitter_fail_count, r.high_emitter_window_months, r.rule_status,
        count(*) as fail_count, min(e.occurred_at) as first_failed_at
    from fails as l
    inner join rules as r on {{ date_of('l.occurred_at') }} = r.rule_day
    inner join fails as e
        on l.vehicle_id = e.vehicle_id
        and (e.occurred_at < l.occurred_at or (e.occurred_at = l.occurred_at and e.event_id <= l.event_id))
        and {{ date_of('e.occurred_at') }} > {{ add_months(date_of('l.occurred_at'), '-cast(r.high_emitter_window_months as int)') }}
    group by
        l.event_id, l.vehicle_id, l.occurred_at, l.month, l.registered_town_code, l.vehicle_class, l.emission_stage, l.is_registered,
        l._load_id, l._row_no, r.high_emitter_fail_count, r.high_emitter_window_months, r.rule_status
)

select
    listed_record_no, vehicle_id, is_registered, registered_town_code, vehicle_class, emission_stage, first_failed_at, listed_at, month,
    fail_count, cast(high_emitter_window_months as int) as window_months, 'hj845_2017' as clause_id, rule_status as status,
    _load_id, _row_no
from counted
where fail_count >= high_emitter_fail_count
