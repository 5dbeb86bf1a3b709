-- grain: report_no × sign_kind
-- signs for a look at the station, no verdicts: identical results of several vehicles on one day, tests too fast, tests that
-- overlap on one line
{{ config(meta={'evidence': [
    {'parent': 'stg_vehicle_inspection', 'label_zh': '检验报告（暂存层）', 'on': {'_load_id': '_load_id', '_row_no': '_row_no'},
        'when': "sign_kind = 'too_fast'"},
    {'parent': 'fct_mobile_event', 'label_zh': '检验记录', 'on': {'event_kind': "'inspection'", 'place_code': 'station_code',
        'month': 'month'}, 'when': "sign_kind <> 'too_fast'"}]}) }}
with rules as (
    {{ rule_days('mobile_rule', ['identical_test_count']) }}
),

tests as (
    select i.*, {{ date_of('i.started_at') }} as date_day, {{ month_of('i.started_at') }} as month
    from {{ ref('stg_vehicle_inspection') }} as i
),

-- same station, day, method and all figures, different vehicles
alike as (
    select station_code, date_day, test_method, smoke_k_m, nox_ppm, power_kw, count(distinct plate_hash) as vehicle_count
    from tests
    where smoke_k_m is not null and nox_ppm is not null and power_kw is not null
    group by station_code, date_day, test_method, smoke_k_m, nox_ppm, power_kw
)

select
    t.report_no, 'identical_results' as sign_kind, t.station_code, t.line_code, t.started_at, t.month,
    cast(a.vehicle_count as decimal(18, 6)) as value, cast(r.identical_test_count as decimal(18, 6)) as threshold_value,
    concat('同日 ', cast(a.vehicle_count as varchar), ' 辆车的结果完全相同') as message_zh, 'illustrative' as status, t._load_id, t._row_no
from tests as t
inner join alike as a
    on t.station_code = a.station_code and t.date_day = a.date_day and t.test_method = a.test_method and t.smoke_k_m = a.smoke_k_m
    and t.nox_ppm = a.nox_ppm and t.power_kw = a.power_kw
inner join rules as r on t.date_day = r.rule_day
where a.vehicle_count >= r.identical_test_count
union all
select
    t.report_no, 'too_fast', t.station_code, t.line_code, t.started_at, t.month,
    cast({{ seconds_between('t.started_at', 't.ended_at') }} as decimal(18, 6)), cast(m.min_seconds as decimal(18, 6)),
    concat(m.name_zh, '用时 ', cast({{ seconds_between('t.started_at', 't.ended_at') }} as varchar), ' 秒'), m.status, t._load_id, t._row_no
from tests as t
inner join {{ ref('inspection_method') }} as m on t.test_method = m.test_method
where {{ seconds_between('t.started_at', 't.ended_at') }} < m.min_seconds
union all
select
    t.report_no, 'overlapping', t.station_code, t.line_code, t.started_at, t.month, cast(count(*) as decimal(18, 6)),
    cast(null as decimal(18, 6)), '同一检测线上与另一次检测时间重叠', 'illustrative', t._load_id, t._row_no
from tests as t
inner join tests as o
    on t.station_code = o.station_code and t.line_code = o.line_code and t.date_day = o.date_day and t.report_no <> o.report_no
    and t.started_at < o.ended_at and o.started_at < t.ended_at
group by t.report_no, t.station_code, t.line_code, t.started_at, t.month, t._load_id, t._row_no
