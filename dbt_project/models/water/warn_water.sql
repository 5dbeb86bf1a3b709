-- grain: warning_id
-- three kinds on the district's own sections: a class that drops (against its target or the class before), a jump (mark of a
-- reading), a drift of the means. A warning stands at the first reading that shows it and names the load that brought it
with drops as (
    select
        'water_class_drop' as warning_kind, w.point_id, w.town_code, w.factor_code, w.observed_at as started_at, w.value,
        w.limit_class_3 as threshold_value, case when w.grade > w.target_grade then 2 else 1 end as level_no,
        concat(
            w.section_name, ' ', coalesce('由' || w.previous_class_zh || '类', ''), '变为', w.class_zh, '类，目标',
            coalesce(w.target_class, '未定'), '，定类项目：', w.item_name_zh) as message_zh,
        w.month, w.source, w._load_id, w._row_no
    from {{ ref('int_water_watch') }} as w
    {{ join_water_rule('warning_drop_grades', 'r', date_of('w.observed_at')) }}
    where w.grade - w.previous_grade >= r.value
        or (w.grade > w.target_grade and (w.previous_grade is null or w.previous_grade <= w.target_grade))
),

jumps as (
    select
        'water_jump', f.point_id, s.town_code, f.factor_code, f.observed_at, f.value, c.threshold, 1,
        concat(s.section_name, ' ', coalesce(d.name_zh, f.factor_code), ' 与上一次相差超过 ', {{ plain('c.threshold') }}),
        f.month, f.source, f._load_id, f._row_no
    from {{ ref('fct_reading') }} as f
    inner join {{ ref('dim_water_section') }} as s
        on f.point_id = s.point_id and s.network = 'district' and {{ in_force(date_of('f.observed_at'), 's.') }}
    inner join {{ ref('int_reading_check') }} as c
        on c.flag = 'jump' and f.factor_code = c.factor_code and f.statistic = c.statistic
        and f.averaging_minutes = c.averaging_minutes
    left join {{ ref('dim_factor') }} as d on f.factor_code = d.factor_code
    where concat(',', f.flag_rule, ',') like '%,jump,%'
),

drifting as (
    select
        d.*, d.recent_day_count >= n.value and d.before_day_count >= n.value
            and d.recent_value * 100 > d.before_value * (p.value + 100) as is_drifting,
        cast({{ ratio(mul('d.before_value', 'p.value + 100', 6), '100', 6) }} as decimal(18, 6)) as threshold_value
    from {{ ref('int_water_drift') }} as d
    {{ join_water_rule('drift_min_days', 'n', 'd.date_day') }}
    {{ join_water_rule('drift_min_pct', 'p', 'd.date_day') }}
),

onsets as (
    select
        d.*, lag(d.is_drifting) over (partition by d.point_id, d.factor_code, d.maturity order by d.date_day) as was_drifting
    from drifting as d
),

drifts as (
    select
        'water_drift', o.point_id, s.town_code, o.factor_code, cast(o.date_day as timestamp), o.recent_value, o.threshold_value, 1,
        concat(s.section_name, ' ', o.item_name_zh, ' 近期均值 ', {{ plain('o.recent_value') }}, '，此前 ', {{ plain('o.before_value') }}),
        o.month, cast(null as varchar), cast(null as varchar), cast(null as bigint)
    from onsets as o
    inner join {{ ref('dim_water_section') }} as s
        on o.point_id = s.point_id and s.network = 'district' and {{ in_force('o.date_day', 's.') }}
    where o.is_drifting and not coalesce(o.was_drifting, false)
),

together as (
    select * from drops
    union all
    select * from jumps
    union all
    select * from drifts
)

select
    concat_ws('|', warning_kind, point_id, factor_code, cast(started_at as varchar), source) as warning_id, warning_kind,
    'point' as subject_type, point_id as subject_id, town_code, factor_code, started_at, cast(null as timestamp) as ended_at,
    cast(value as decimal(18, 6)) as value, cast(threshold_value as decimal(18, 6)) as threshold_value,
    cast(level_no as int) as level_no, message_zh, 'water_network_own' as clause_id, 'illustrative' as status, month, source,
    _load_id, _row_no
from together
