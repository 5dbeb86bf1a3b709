-- grain: point_id × factor_code × observed_at
-- one item of one soil sample against the screening and control values of the point's land use on the day and of the pH of
-- the same sample. A result below its detection limit is judged by that limit, never by the substituted half.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '样品结果', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "substr(point_id, 1, 5) = 'soil:' and statistic = 'instant'") }}
),

acidity as (
    select point_id, observed_at, effective_value as ph_value
    from effective
    where factor_code = 'soil_ph'
),

samples as (
    select
        e.point_id, e.factor_code, e.observed_at, e.month, e.maturity, e.value, e.effective_value, e.qualifier, e.detection_limit,
        e.flag_human, e.flag_device, a.ph_value, z.zone_code as land_use, z.town_code, z.name_zh as point_name_zh, z.role,
        r.value as fraction, r.status as rule_status
    from effective as e
    left join acidity as a on e.point_id = a.point_id and e.observed_at = a.observed_at
    left join {{ ref('dim_point') }} as z
        on e.point_id = z.point_id and {{ in_force(date_of('e.observed_at'), 'z.') }}
    left join {{ ref('soil_rule') }} as r
        on r.rule = 'below_detection_fraction' and {{ in_force(date_of('e.observed_at'), 'r.') }}
    where e.factor_code <> 'soil_ph'
),

known as (
    select distinct land_use, factor_code, true as has_rows
    from {{ ref('int_soil_limit') }}
    where limit_kind = 'screening' and limit_mg_kg is not null
),

limited as (
    select
        s.*, coalesce(k.has_rows, false) as has_limit, f.name_zh as item_name_zh,
        lo.limit_mg_kg as screening_limit_mg_kg, hi.limit_mg_kg as control_limit_mg_kg, lo.standard_no, lo.clause_id,
        {{ worst_status_of(['lo.status', 'hi.status']) }} as limit_status
    from samples as s
    left join {{ ref('dim_factor') }} as f on s.factor_code = f.factor_code
    left join known as k on s.land_use = k.land_use and s.factor_code = k.factor_code
    {% for a, kind in [('lo', 'screening'), ('hi', 'control')] %}
    left join {{ ref('int_soil_limit') }} as {{ a }}
        on {{ a }}.limit_kind = '{{ kind }}' and s.land_use = {{ a }}.land_use and s.factor_code = {{ a }}.factor_code
        and {{ in_force(date_of('s.observed_at'), a ~ '.') }}
        and (({{ a }}.ph_above is null and {{ a }}.ph_to is null)
            or ((s.ph_value > {{ a }}.ph_above or ({{ a }}.ph_above is null and s.ph_value is not null))
                and (s.ph_value <= {{ a }}.ph_to or ({{ a }}.ph_to is null and s.ph_value is not null))))
    {% endfor %}
),

judged as (
    select
        *,
        case
            when screening_limit_mg_kg is null then null
            when effective_value <= screening_limit_mg_kg then 1
            when effective_value > control_limit_mg_kg then 3
            when effective_value > screening_limit_mg_kg then 2
            when qualifier = '<' and flag_human is null and detection_limit <= screening_limit_mg_kg then 1
        end as class_no
    from limited
)

select
    j.point_id, j.factor_code, j.observed_at, j.month, {{ year_of('j.observed_at') }} as year, j.point_name_zh, j.town_code, j.role, j.land_use,
    j.item_name_zh, j.maturity, j.value, j.qualifier, j.detection_limit,
    cast(coalesce(j.effective_value, case when j.qualifier = '<' and j.flag_human is null then {{ mul('j.detection_limit', 'j.fraction', 6) }} end)
        as decimal(18, 6)) as used_mg_kg,
    j.ph_value, j.standard_no, j.screening_limit_mg_kg, j.control_limit_mg_kg, cast(j.class_no as int) as class_no, c.class_zh,
    case
        when j.class_no > 1 and j.screening_limit_mg_kg > 0
            then cast({{ ratio('j.effective_value - j.screening_limit_mg_kg', 'j.screening_limit_mg_kg', 6) }} as decimal(18, 6))
    end as exceedance_multiple,
    case
        when j.class_no = 2 and j.control_limit_mg_kg is null then '该项目无管制值'
        when j.class_no is not null then null
        when j.land_use is null then '未评价（缺用地类型）'
        when not j.has_limit then '未评价（缺标准）'
        when j.screening_limit_mg_kg is null and j.ph_value is null then '未评价（缺同一样品的 pH）'
        when j.screening_limit_mg_kg is null then '未评价（缺标准）'
        when j.qualifier = '<' and j.detection_limit is null then '未评价（未检出而未报检出限）'
        when j.qualifier = '<' and j.flag_human is null then '未评价（检出限高于筛选值）'
        when j.value is not null then '未评价（标记作废）'
        else '未评价（缺数）'
    end as reason_zh,
    j.clause_id,
    case when j.qualifier = '<' then {{ worst_status_of(['j.limit_status', 'j.rule_status']) }} else coalesce(j.limit_status, 'unverified') end as status
from judged as j
left join {{ ref('soil_class') }} as c on j.class_no = c.class_no
