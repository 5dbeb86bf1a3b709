-- grain: warning_id
-- Early warnings of all networks with names and whether they are still open at as_of; a warning is no exceedance
with points as (
    {{ latest_by_key(ref('dim_point'), ['point_id'], ['valid_from desc', 'name_zh asc'], ['point_id', 'name_zh', 'town_code']) }}
)

select
    w.warning_id, w.warning_kind, w.level_no, w.subject_type, w.subject_id,
    coalesce(p.name_zh, o.name_zh, s.name_zh, a.name_zh, w.subject_id) as subject_name_zh,
    coalesce(w.town_code, p.town_code, so.town_code, s.town_code) as town_code,
    t.name_zh as town_name_zh,
    w.factor_code, f.name_zh as factor_name_zh, f.unit_symbol, w.started_at, w.ended_at,
    w.value, w.threshold_value, w.message_zh,
    w.started_at <= {{ as_of() }} and (w.ended_at is null or w.ended_at > {{ as_of() }}) as is_open,
    case
        when w.started_at > {{ as_of() }} then '未开始' when w.ended_at is null or w.ended_at > {{ as_of() }} then '未结束' else '已结束'
    end as state_zh,
    cast({{ ratio(seconds_between('w.started_at', 'coalesce(least(w.ended_at, ' ~ as_of() ~ '), ' ~ as_of() ~ ')'), '3600', 6) }} as decimal(18, 6)) as duration_hours,
    w.clause_id, w.status, w.month, w.source, w._load_id, w._row_no
from {{ ref('fct_early_warning') }} as w
left join points as p on w.subject_id = p.point_id
left join {{ ref('dim_outlet') }} as o on w.subject_type = 'outlet' and w.subject_id in (o.outlet_id, concat('outlet:', o.outlet_id))
left join {{ ref('dim_site') }} as so on o.site_code = so.site_code
left join {{ ref('dim_site') }} as s on w.subject_type = 'site' and w.subject_id = s.site_code
left join {{ ref('dim_area') }} as a on w.subject_type = 'area' and w.subject_id = a.area_code
left join {{ ref('dim_area') }} as t on coalesce(w.town_code, p.town_code, so.town_code, s.town_code) = t.area_code
left join {{ ref('dim_factor') }} as f on w.factor_code = f.factor_code
