-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at
-- a late or repeated message: the greatest (QN, _seq, _row_no) of a (MN, CN, DataTime, factor) tells
{{ config(meta={'publish': false, 'lookback_hours': 0}) }}
with repeated as (
    select mn, cn, data_time, factor_code
    from {{ source('raw', 'cems_hj212') }}
    where data_time is not null
    group by mn, cn, data_time, factor_code
    having count(*) > 1
),

contested as (
    select r.*
    from {{ source('raw', 'cems_hj212') }} as r
    inner join repeated as d
        on r.mn = d.mn and r.cn = d.cn and r.data_time = d.data_time and r.factor_code = d.factor_code
),

decided as (
    {{ latest_by_key('contested', ['mn', 'cn', 'data_time', 'factor_code'], arrival_order(['qn'])) }}
),

{% set told = ['mn', 'cn', 'dialect', 'data_time', 'factor_code', 'device_flag', 'rtd', 'min', 'avg', 'max', 'zs_rtd', 'zs_min',
    'zs_avg', 'zs_max', 'cou', '_load_id', '_row_no', '_col'] -%}
winners as (
    select {% for c in told %}r.{{ c }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ source('raw', 'cems_hj212') }} as r
    left join repeated as d
        on r.mn = d.mn and r.cn = d.cn and r.data_time = d.data_time and r.factor_code = d.factor_code
    where r.data_time is not null and d.mn is null
    union all
    select {{ told | join(', ') }} from decided
),

named as (
    select
        coalesce('outlet:' || o.outlet_id, concat('mn:', w.mn)) as point_id,
        w.mn, w.cn, coalesce(nullif(w.dialect, ''), 'unknown') as dialect, w.data_time,
        coalesce(a.factor_code, w.factor_code) as factor_code, w.device_flag,
        w.rtd, w.min, w.avg, w.max, w.zs_rtd, w.zs_min, w.zs_avg, w.zs_max, w.cou,
        w._load_id, w._row_no, w._col
    from winners as w
    left join {{ ref('int_outlet_mn') }} as o on w.mn = o.mn
    left join {{ ref('factor_alias') }} as a on a.dialect = 'hj212_2005' and a.alias = w.factor_code
),

-- devices and their rules are few: each (MN, dialect, factor) looks them up once
rules as (
    select
        d.mn, d.dialect, d.factor_code,
        coalesce(own_time.assumed_meaning, any_time.assumed_meaning, 'start') as assumed_meaning,
        coalesce(own_unit.multiplier, any_unit.multiplier, 1) as multiplier,
        coalesce(own_unit.unit_as_sent, any_unit.unit_as_sent) as unit_as_sent
    from (select distinct mn, dialect, factor_code from named) as d
    left join {{ ref('hj212_time_meaning') }} as own_time
        on own_time.dialect = d.dialect and own_time.mn = d.mn and {{ in_force(date_of(as_of()), 'own_time.') }}
    left join {{ ref('hj212_time_meaning') }} as any_time
        on any_time.dialect = d.dialect and any_time.mn = '*' and {{ in_force(date_of(as_of()), 'any_time.') }}
    left join {{ ref('hj212_device_unit') }} as own_unit
        on own_unit.mn = d.mn and own_unit.factor_code = d.factor_code and {{ in_force(date_of(as_of()), 'own_unit.') }}
    left join {{ ref('hj212_device_unit') }} as any_unit
        on any_unit.mn = '*' and any_unit.factor_code = d.factor_code and {{ in_force(date_of(as_of()), 'any_unit.') }}
),

measured as (
    select
        n.point_id, n.factor_code, c.statistic, c.averaging_minutes, c.time_label, n.data_time, n.device_flag,
        r.assumed_meaning, r.unit_as_sent,
        case when c.measure = 'cou' then 1 else r.multiplier end as multiplier,
        case c.measure
            when 'avg' then n.avg when 'zs_avg' then n.zs_avg when 'min' then n.min when 'zs_min' then n.zs_min
            when 'max' then n.max when 'zs_max' then n.zs_max when 'cou' then n.cou when 'rtd' then n.rtd
            when 'zs_rtd' then n.zs_rtd
        end as sent_value,
        c.measure in ('avg', 'rtd') and coalesce(n.avg, n.zs_avg, n.min, n.max, n.cou, n.rtd, n.zs_rtd) is null as is_blank,
        n._load_id, n._row_no, n._col
    from named as n
    inner join {{ ref('hj212_command') }} as c on n.dialect = c.dialect and n.cn = c.cn
    inner join rules as r on n.mn = r.mn and n.dialect = r.dialect and n.factor_code = r.factor_code
),

placed as (
    select
        point_id, factor_code, statistic, averaging_minutes,
        case
            when time_label = 'none' or assumed_meaning = 'end' then data_time
            else {{ add_minutes('data_time', 'averaging_minutes') }}
        end as observed_at,
        device_flag, unit_as_sent, multiplier, sent_value, _load_id, _row_no, _col
    from measured
    where sent_value is not null or is_blank
)

select
    point_id,
    factor_code,
    statistic,
    averaging_minutes,
    observed_at,
    'preliminary' as maturity,
    'observed' as value_origin,
    case when multiplier = 1 then sent_value else cast({{ mul('sent_value', 'multiplier', 6) }} as decimal(18, 6)) end as value,
    cast(sent_value as varchar) as value_as_sent,
    unit_as_sent,
    cast(null as varchar) as qualifier,
    cast(null as decimal(18, 6)) as detection_limit,
    nullif(trim(device_flag), '') as flag_device,
    case when sent_value is null then 'blank' end as null_reason,
    {{ month_of("case when averaging_minutes = 0 then observed_at else " ~ add_minutes('observed_at', -1) ~ " end") }} as month,
    'cems_hj212' as source,
    _load_id,
    _row_no,
    _col
from placed
