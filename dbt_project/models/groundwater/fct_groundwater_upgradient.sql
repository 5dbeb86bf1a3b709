-- grain: point_id × reference_point_id × factor_code × period_start_date
-- a well beside its upgradient well in the same quarter; wells of two aquifers are not compared
{{ config(meta={'evidence': [
    {'parent': 'fct_groundwater_item', 'label_zh': '本井', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'period_start_date': 'period_start_date'}},
    {'parent': 'fct_groundwater_item', 'label_zh': '上游对照井', 'on': {'point_id': 'reference_point_id', 'factor_code': 'factor_code', 'period_start_date': 'period_start_date'}}]}) }}
with compared as (
    select
        o.point_id, k.to_point_id as reference_point_id, o.factor_code, o.period_start_date, o.item_name_zh, o.town_code, o.value,
        b.value as reference_value, o.aquifer_code, b.aquifer_code as reference_aquifer_code, b.point_id is not null as has_reference,
        coalesce(o.aquifer_code = b.aquifer_code, false) as is_same_aquifer, r.value as ratio_limit,
        {{ worst_status_of(['o.status', 'b.status', 'r.status']) }} as status
    from {{ ref('fct_groundwater_item') }} as o
    inner join {{ ref('dim_point_link') }} as k
        on k.link_kind = 'upgradient' and o.point_id = k.from_point_id and {{ in_force(date_of('o.sampled_at'), 'k.') }}
    left join {{ ref('fct_groundwater_item') }} as b
        on k.to_point_id = b.point_id and o.factor_code = b.factor_code and o.period_start_date = b.period_start_date
    left join {{ ref('groundwater_rule') }} as r
        on r.rule = 'upgradient_ratio' and {{ in_force('o.period_start_date', 'r.') }}
    where o.factor_code <> 'w01001'
)

select
    point_id, reference_point_id, factor_code, period_start_date, item_name_zh, town_code, aquifer_code, reference_aquifer_code, value, reference_value,
    case when is_same_aquifer then cast(value - reference_value as decimal(18, 6)) end as difference_value,
    case when is_same_aquifer and reference_value > 0 then cast({{ ratio('value', 'reference_value', 6) }} as decimal(18, 6)) end as reference_ratio,
    case when is_same_aquifer then {{ mul('reference_value', 'ratio_limit', 12) }} <= value and value > reference_value end as is_raised,
    case
        when not has_reference then '上游对照井本季无数'
        when not is_same_aquifer then '两井含水层不同，不比较'
        when value is null or reference_value is null then '本季缺值'
    end as reason_zh,
    status
from compared
