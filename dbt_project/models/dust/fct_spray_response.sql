-- grain: equipment_code × started_at × factor_code × maturity
-- how far site minus background falls after a spray is switched on
{{ config(meta={'evidence': [
    {'parent': 'stg_dust_equipment_event', 'label_zh': '喷淋启停（暂存层）', 'on': {'_load_id': '_load_id', '_row_no': '_row_no'}},
    {'parent': 'fct_dust_interval', 'label_zh': '前后各五分钟值', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'observed_at >': 'before_from_at', 'observed_at <=': 'after_to_at'}}]}) }}
with rules as (
    {{ rule_days('dust_rule', ['spray_before_minutes', 'spray_after_minutes', 'spray_lag_minutes', 'spray_min_count', 'spray_effect_pct']) }}
),

starts as (
    select
        e.equipment_code, e.changed_at as started_at, s.dust_site_code, s.point_id, s.town_code, e._load_id, e._row_no,
        r.spray_min_count, r.spray_effect_pct, r.rule_status,
        {{ add_minutes('e.changed_at', '-cast(r.spray_before_minutes as int)') }} as before_from_at,
        {{ add_minutes('e.changed_at', 'cast(r.spray_lag_minutes as int)') }} as after_from_at,
        {{ add_minutes('e.changed_at', 'cast(r.spray_lag_minutes + r.spray_after_minutes as int)') }} as after_to_at
    from {{ ref('stg_dust_equipment_event') }} as e
    inner join {{ ref('dim_dust_site') }} as s on e.equipment_code = s.spray_code
    inner join rules as r on {{ date_of('e.changed_at') }} = r.rule_day
    where e.equipment_kind = 'spray' and e.equipment_state = 'on' and s.point_id is not null
),

measured as (
    select
        t.equipment_code, t.started_at, t.dust_site_code, t.point_id, t.town_code, t._load_id, t._row_no, t.spray_min_count,
        t.spray_effect_pct, t.rule_status, t.before_from_at, t.after_from_at, t.after_to_at, i.factor_code, i.maturity,
        count(case when i.observed_at <= t.started_at then i.excess_ug_m3 end) as before_count,
        cast({{ mean('case when i.observed_at <= t.started_at then i.excess_ug_m3 end', 6) }} as decimal(18, 6)) as before_excess_ug_m3,
        count(case when i.observed_at > t.after_from_at then i.excess_ug_m3 end) as after_count,
        cast({{ mean('case when i.observed_at > t.after_from_at then i.excess_ug_m3 end', 6) }} as decimal(18, 6)) as after_excess_ug_m3
    from starts as t
    inner join {{ ref('fct_dust_interval') }} as i
        on t.point_id = i.point_id and i.observed_at > t.before_from_at and i.observed_at <= t.after_to_at
    group by
        t.equipment_code, t.started_at, t.dust_site_code, t.point_id, t.town_code, t._load_id, t._row_no, t.spray_min_count,
        t.spray_effect_pct, t.rule_status, t.before_from_at, t.after_from_at, t.after_to_at, i.factor_code, i.maturity
),

judged as (
    select
        m.*,
        case
            when before_count < spray_min_count or after_count < spray_min_count then '前后成对的值不足'
            when before_excess_ug_m3 <= 0 then '喷淋前不高于对照点'
        end as reason_zh
    from measured as m
)

select
    equipment_code, started_at, {{ month_of('started_at') }} as month, dust_site_code, point_id, town_code, factor_code, maturity,
    before_from_at, after_from_at, after_to_at, before_count, before_excess_ug_m3, after_count, after_excess_ug_m3,
    case when reason_zh is null
        then cast({{ ratio('(before_excess_ug_m3 - after_excess_ug_m3) * 100', 'before_excess_ug_m3', 6) }} as decimal(18, 6)) end as drop_pct,
    case when reason_zh is null
        then {{ ratio('(before_excess_ug_m3 - after_excess_ug_m3) * 100', 'before_excess_ug_m3', 6) }} >= spray_effect_pct end as is_effective,
    reason_zh, rule_status as status, _load_id, _row_no
from judged
