-- grain: element_code × area_code
-- Every element of the monitoring plan × the district and each town: points, capture of the year to as_of, the last value, and
-- what is lacking. An element that nothing serves yet stands here with a gap, not by its absence.
with areas as (
    select area_code, name_zh, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

points as (
    select element_code, point_id, factor_code, town_code from {{ ref('int_network_element') }}
),

counts as (
    select
        p.element_code, p.point_id, p.town_code,
        sum(n.expected_count) as expected_count,
        sum(least(n.told_count, n.expected_count)) as told_count,
        sum(least(n.valid_count, n.expected_count)) as valid_count
    from points as p
    inner join {{ ref('fct_network_day') }} as n
        on p.point_id = n.point_id and (p.factor_code = '*' or p.factor_code = n.factor_code)
        and n.period_end_date > {{ add_months(date_of(as_of()), -12) }}
    group by p.element_code, p.point_id, p.town_code
    union all
    select
        p.element_code, p.point_id, p.town_code,
        sum(t.due_hours), sum(least(t.received_hours, t.due_hours)), sum(least(t.valid_hours, t.due_hours))
    from points as p
    inner join {{ ref('fct_source_transmission_month') }} as t
        on p.point_id = concat('outlet:', t.outlet_id) and t.month >= {{ add_months(month_of(as_of()), -12) }}
    group by p.element_code, p.point_id, p.town_code
),

lasts as (
    select
        p.element_code, p.town_code, d.point_id, d.factor_code, d.statistic, d.averaging_minutes,
        max(d.last_observed_at) as last_observed_at
    from points as p
    inner join {{ ref('int_network_day') }} as d
        on p.point_id = d.point_id and (p.factor_code = '*' or p.factor_code = d.factor_code)
    where d.last_observed_at is not null and d.last_observed_at <= {{ as_of() }}
    group by p.element_code, p.town_code, d.point_id, d.factor_code, d.statistic, d.averaging_minutes
),

spine as (
    select e.element_code, a.area_code, a.area_type, a.name_zh as area_name_zh
    from {{ ref('monitoring_element') }} as e
    cross join areas as a
),

summed as (
    select
        s.element_code, s.area_code,
        count(distinct p.point_id) as point_count
    from spine as s
    left join points as p
        on s.element_code = p.element_code and (s.area_type = 'district' or s.area_code = p.town_code)
    group by s.element_code, s.area_code
),

captured as (
    select
        s.element_code, s.area_code,
        sum(c.expected_count) as expected_count, sum(c.told_count) as told_count, sum(c.valid_count) as valid_count,
        count(case when c.told_count = 0 then 1 end) as silent_point_count
    from spine as s
    inner join counts as c
        on s.element_code = c.element_code and (s.area_type = 'district' or s.area_code = c.town_code)
    group by s.element_code, s.area_code
),

newest as (
    {{ latest_by_key(
        "(select s.element_code, s.area_code, l.point_id, l.factor_code, l.statistic, l.averaging_minutes, l.last_observed_at from spine as s"
        ~ " inner join lasts as l on s.element_code = l.element_code and (s.area_type = 'district' or s.area_code = l.town_code)) as n",
        ['element_code', 'area_code'],
        ['last_observed_at desc', 'point_id asc', 'factor_code asc', 'statistic asc', 'averaging_minutes asc']) }}
),

valued as (
    {{ latest_by_key(
        "(select n.element_code, n.area_code, n.point_id, n.factor_code, n.last_observed_at, f.value, f.qualifier, f.detection_limit,"
        ~ " f.maturity, f.value_origin, f.source, f._load_id, f._row_no from newest as n inner join " ~ ref('fct_reading') ~ " as f"
        ~ " on n.point_id = f.point_id and n.factor_code = f.factor_code and n.statistic = f.statistic"
        ~ " and n.averaging_minutes = f.averaging_minutes and n.last_observed_at = f.observed_at"
        ~ " and (f.value is not null or f.qualifier is not null)) as v",
        ['element_code', 'area_code'], ['maturity asc', 'value_origin asc', 'source asc']) }}
)

select
    e.element_code, e.name_zh as element_name_zh, e.system_id, e.sort_no, s.area_code, s.area_type, s.area_name_zh,
    cast(m.point_count as bigint) as point_count,
    cast(c.expected_count as bigint) as expected_count,
    cast(c.told_count as bigint) as told_count,
    cast(c.valid_count as bigint) as valid_count,
    cast(100 * {{ ratio('c.told_count', 'c.expected_count', 12) }} as decimal(18, 6)) as capture_pct,
    cast(100 * {{ ratio('c.valid_count', 'c.expected_count', 12) }} as decimal(18, 6)) as valid_pct,
    cast(coalesce(c.silent_point_count, 0) as bigint) as silent_point_count,
    v.last_observed_at,
    v.point_id as last_point_id,
    v.factor_code as last_factor_code,
    f.name_zh as last_factor_name_zh,
    case when v.qualifier is null then v.value end as last_value,
    case when v.qualifier is not null then concat(v.qualifier, coalesce({{ plain('v.detection_limit') }}, '检出限')) end as last_value_zh,
    f.unit_symbol as last_unit_symbol,
    v.maturity as last_maturity,
    e.standard_no,
    e.limit_state_zh,
    m.point_count = 0 and (s.area_type = 'district' or e.is_per_town) as is_gap,
    case
        when m.point_count = 0 and s.area_type = 'district' then '点位名录中尚无该要素的点位'
        when m.point_count = 0 and e.is_per_town then '规划要求逐镇街设点，点位名录中本镇街尚无点位'
        when m.point_count > 0 and c.expected_count is null then '有点位，未登记应有频次，捕获率不可算'
    end as gap_zh,
    case when e.status = 'verified' and c.expected_count is null then 'verified' else 'unverified' end as status
from spine as s
inner join {{ ref('monitoring_element') }} as e on s.element_code = e.element_code
inner join summed as m on s.element_code = m.element_code and s.area_code = m.area_code
left join captured as c on s.element_code = c.element_code and s.area_code = c.area_code
left join valued as v on s.element_code = v.element_code and s.area_code = v.area_code
left join {{ ref('dim_factor') }} as f on v.factor_code = f.factor_code
