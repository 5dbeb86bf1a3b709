-- grain: subject_type × subject_id × period_type × period_start_date × version
-- trophic level index of a lake point, and of a lake by the means over its points; the weight of an item is its r² over the
-- sum of all r² of the version; short of an item there is no index
{{ config(meta={'evidence': [
    {'parent': 'fct_water_section_item', 'label_zh': '各项目均值', 'when': "subject_type = 'point'",
        'on': {'point_id': 'subject_id', 'period_type': 'period_type', 'period_start_date': 'period_start_date'}},
    {'parent': 'fct_water_section_item', 'label_zh': '各项目均值', 'when': "subject_type = 'water_body'",
        'on': {'period_type': 'period_type', 'period_start_date': 'period_start_date', 'point_id in':
        "(select point_id from build.dim_water_section where water_body_name = r.subject_id)"}}],
    'clause': "'hbb_2011_22_tli'"}) }}
with maturity_order as (
    {{ maturity_priority() }}
),

coefficients as (
    select
        c.version, c.factor_code, c.item_name_zh, c.intercept, c.slope, c.unit_multiplier, c.valid_from, c.valid_to, c.status,
        cast({{ ratio('c.r_squared', 't.total', 12) }} as decimal(38, 12)) as weight
    from {{ ref('water_tli_coefficient') }} as c
    inner join (
        select version, sum(r_squared) as total from {{ ref('water_tli_coefficient') }} group by version
    ) as t on c.version = t.version
),

lakes as (
    select
        i.point_id, s.water_body_name, i.period_type, i.period_start_date, i.factor_code, i.value, i.maturity
    from {{ ref('fct_water_section_item') }} as i
    inner join {{ ref('dim_water_section') }} as s
        on i.point_id = s.point_id and s.network = 'district' and s.water_body_type = 'lake'
        and {{ in_force('i.period_start_date', 's.') }}
    where i.period_type <> 'day'
),

subjects as (
    select
        'point' as subject_type, point_id as subject_id, period_type, period_start_date, factor_code, value, maturity,
        cast(1 as bigint) as point_count, 1 as maturity_count
    from lakes
    union all
    select
        'water_body', water_body_name, period_type, period_start_date, factor_code,
        case when count(distinct maturity) = 1 then cast({{ mean('value', 6) }} as decimal(18, 6)) end, min(maturity),
        cast(count(value) as bigint), cast(count(distinct maturity) as int)
    from lakes
    where water_body_name is not null
    group by water_body_name, period_type, period_start_date, factor_code
),

items as (
    select
        s.subject_type, s.subject_id, s.period_type, s.period_start_date, c.version, c.item_name_zh, c.status,
        s.point_count, s.maturity_count, coalesce(m.priority, 99) as priority, c.weight,
        case when s.value > 0 then cast(
            10 * (cast(c.intercept as double) + cast(c.slope as double) * ln(cast(s.value as double) * cast(c.unit_multiplier as double)))
            as decimal(38, 12)) end as item_tli
    from subjects as s
    inner join coefficients as c on s.factor_code = c.factor_code and {{ in_force('s.period_start_date', 'c.') }}
    left join maturity_order as m on s.maturity = m.maturity
),

summed as (
    select
        subject_type, subject_id, period_type, period_start_date, version, count(item_tli) as item_count,
        cast(sum(cast(cast(weight as double) * cast(item_tli as double) as decimal(38, 12))) as decimal(18, 6)) as weighted,
        max(priority) as priority, max(point_count) as point_count, max(maturity_count) as maturity_count,
        {{ join_text("case when item_tli is not null then item_name_zh end", '、', 'item_name_zh') }} as items_zh,
        {{ worst_status('status') }} as status
    from items
    group by subject_type, subject_id, period_type, period_start_date, version
),

valued as (
    select
        s.*, case when s.item_count >= r.value then s.weighted end as tli, cast(r.value as bigint) as required_item_count
    from summed as s
    {{ join_water_rule('tli_min_items', 'r', 's.period_start_date') }}
)

select
    v.subject_type, v.subject_id, v.period_type, v.period_start_date, v.version, v.tli, g.trophic_state_zh,
    cast(v.item_count as bigint) as item_count, v.required_item_count, v.point_count, v.items_zh, o.maturity,
    case
        when v.maturity_count > 1 then '有项目的点位成熟度不一，不合并平均'
        when v.item_count < v.required_item_count
            then concat('项目不全：有 ', cast(v.item_count as varchar), ' 项（', coalesce(v.items_zh, '无'), '），须 ',
                cast(v.required_item_count as varchar), ' 项')
    end as reason_zh,
    v.status
from valued as v
left join maturity_order as o on v.priority = o.priority
left join {{ ref('water_tli_grade') }} as g
    on v.version = g.version and {{ in_force('v.period_start_date', 'g.') }}
    and (g.low_value is null or v.tli > g.low_value or (v.tli = g.low_value and g.is_low_included))
    and (g.high_value is null or v.tli < g.high_value or (v.tli = g.high_value and g.is_high_included))
    and v.tli is not null
