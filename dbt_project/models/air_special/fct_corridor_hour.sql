-- grain: point_id × factor_code × maturity × observed_at
-- roadside minus its paired background of the same hour and maturity; without that hour there is no increment
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '路边站、对照站与车流读数', 'on': {
        'point_id in': "concat_ws(',', point_id, background_point_id)", 'observed_at': 'observed_at', 'maturity': 'maturity',
        'averaging_minutes': '60'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "averaging_minutes = 60 and statistic in ('mean', 'total')
        and substr(point_id, 1, 13) = 'air_corridor:'", ['maturity']) }}
),

road as (
    select
        e.point_id, e.factor_code, e.maturity, e.observed_at, e.effective_value, e.month,
        {{ day_of_interval('e.observed_at') }} as date_day
    from effective as e
    inner join {{ ref('corridor_item') }} as i on e.factor_code = i.factor_code
    inner join {{ ref('dim_point') }} as p on e.point_id = p.point_id and p.role = 'roadside'
        and {{ in_force(day_of_interval('e.observed_at'), 'p.') }}
),

paired as (
    select
        r.*, l.to_point_id as background_point_id,
        row_number() over (
            partition by r.point_id, r.factor_code, r.maturity, r.observed_at
            order by l.position_no nulls last, l.to_point_id, l.valid_from desc nulls last
        ) as rank_no
    from road as r
    left join {{ ref('dim_point_link') }} as l
        on l.link_kind = 'background' and r.point_id = l.from_point_id and {{ in_force('r.date_day', 'l.') }}
),

beside as (
    select
        r.point_id, r.factor_code, r.maturity, r.observed_at, r.date_day, r.month,
        r.effective_value as roadside_value, r.background_point_id,
        b.effective_value as background_value, t.effective_value as truck_flow_count
    from paired as r
    left join effective as b
        on r.background_point_id = b.point_id and r.factor_code = b.factor_code and r.maturity = b.maturity
        and r.observed_at = b.observed_at
    left join effective as t
        on r.point_id = t.point_id and t.factor_code = 'TRUCK_FLOW' and r.maturity = t.maturity
        and r.observed_at = t.observed_at
    where r.rank_no = 1
)

select
    point_id, factor_code, maturity, observed_at, date_day, roadside_value, background_point_id, background_value,
    cast(roadside_value - background_value as decimal(18, 6)) as increment_value,
    truck_flow_count,
    case
        when roadside_value is null then '路边站该小时无有效值'
        when background_point_id is null then '没有登记对照站，不计增量'
        when background_value is null then '对照站同一小时无有效值，不计增量'
    end as reason_zh,
    month
from beside
