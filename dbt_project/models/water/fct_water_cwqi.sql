-- grain: point_id × period_type × period_start_date × basis
-- CWQI of a section: the sum of the single indices against class III. `default` wants all items of the rule;
-- `measured_items` sums what was measured and can only be held against the same section
{{ config(meta={'evidence': [
    {'parent': 'fct_water_section_item', 'label_zh': '各项目均值', 'on': {'point_id': 'point_id', 'period_type': 'period_type',
        'period_start_date': 'period_start_date'}}],
    'clause': "'cwqi_2017'"}) }}
with maturity_order as (
    {{ maturity_priority() }}
),

indices as (
    select
        i.point_id, i.period_type, i.period_start_date, coalesce(m.priority, 99) as priority,
        case l.comparison
            when 'le' then cast({{ ratio('i.value', 'l.limit_3', 6) }} as decimal(18, 6))
            when 'ge' then cast({{ ratio('l.limit_3', 'i.value', 6) }} as decimal(18, 6))
            when 'range' then case
                when i.value <= n.value then cast({{ ratio('n.value - i.value', 'n.value - l.limit_low', 6) }} as decimal(18, 6))
                else cast({{ ratio('i.value - n.value', 'l.limit_3 - n.value', 6) }} as decimal(18, 6))
            end
        end as item_index
    from {{ ref('fct_water_section_item') }} as i
    inner join {{ ref('dim_water_section') }} as s
        on i.point_id = s.point_id and s.network = 'district' and {{ in_force('i.period_start_date', 's.') }}
    inner join {{ ref('int_water_limit') }} as l
        on i.factor_code = l.factor_code and l.water_body_type = s.water_body_type
        and {{ in_force('i.period_start_date', 'l.') }}
    left join maturity_order as m on i.maturity = m.maturity
    {{ join_water_rule('ph_neutral', 'n', 'i.period_start_date') }}
    where i.period_type <> 'day' and i.value is not null
),

summed as (
    select
        point_id, period_type, period_start_date, cast(sum(item_index) as decimal(18, 6)) as index_sum,
        count(item_index) as item_count, max(priority) as priority
    from indices
    group by point_id, period_type, period_start_date
)

select
    s.point_id, s.period_type, s.period_start_date, b.basis,
    case when b.basis = 'measured_items' or s.item_count >= r.value then s.index_sum end as cwqi,
    cast(s.item_count as bigint) as item_count, cast(r.value as bigint) as required_item_count, o.maturity,
    case
        when s.item_count < r.value then concat(
            '实测 ', cast(s.item_count as varchar), ' 项，规定 ', cast(cast(r.value as int) as varchar), ' 项',
            case when b.basis = 'default' then '，不计算' else '，只供同一断面前后比较' end)
    end as reason_zh,
    case when b.basis = 'default' then 'unverified' else 'illustrative' end as status
from summed as s
cross join (select 'default' as basis union all select 'measured_items' as basis) as b
{{ join_water_rule('cwqi_min_items', 'r', 's.period_start_date') }}
left join maturity_order as o on s.priority = o.priority
