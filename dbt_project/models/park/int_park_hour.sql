-- grain: point_id × observed_at × maturity
-- one hour of a park's outlet or gauge, its figures side by side, within one maturity; below detection the seeded substitution
{{ config(meta={'publish': true, 'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '小时读数', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at', 'maturity': 'maturity',
        'averaging_minutes': '60'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "point_id like 'park_outlet:%' and averaging_minutes = 60", own_keys=['maturity']) }}
),

valued as (
    {{ counted_readings('effective', 'wastewater', 'mean') }}
),

hours as (
    select
        v.point_id, v.observed_at, v.maturity, v.month,
        max(case when v.factor_code = 'w00000' then v.counted_value end) as flow_m3_h,
        max(case when v.factor_code = 'w01018' then v.counted_value end) as cod_mg_l,
        max(case when v.factor_code = 'w21003' then v.counted_value end) as nh3n_mg_l,
        max(case when v.factor_code = 'w01001' then v.counted_value end) as ph,
        max(case when v.factor_code = 'rain' then v.counted_value end) as rain_mm,
        min(v.source) as source, min(v._load_id) as _load_id, min(v._row_no) as _row_no
    from valued as v
    group by v.point_id, v.observed_at, v.maturity, v.month
)

select
    h.point_id, d.role, d.park_code, d.town_code, h.observed_at, {{ date_of(add_hours('h.observed_at', -1)) }} as date_day, h.month, h.maturity,
    h.flow_m3_h, h.cod_mg_l, h.nh3n_mg_l, h.ph, h.rain_mm,
    cast(row_number() over (
        partition by h.point_id, h.observed_at order by coalesce(p.rank_no, 99), h.maturity) as int) as rank_in_hour,
    h.source, h._load_id, h._row_no
from hours as h
inner join {{ ref('dim_point') }} as d
    on h.point_id = d.point_id and {{ in_force(date_of('h.observed_at'), 'd.') }}
left join {{ ref('reading_priority') }} as p on p.purpose = 'evaluation' and p.aspect = 'maturity' and h.maturity = p.code
