-- grain: station_code × maturity × observed_at
-- an inversion is a run of adjacent layers each warmer than the one below; the strongest run speaks for the hour.
-- Over a missing layer there is no verdict, unless an inversion is found among the layers that are there.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_air_profile', 'label_zh': '逐层廓线', 'on': {'station_code': 'station_code', 'maturity': 'maturity',
        'observed_at': 'observed_at'}}], 'clause': "'plan_4_9_2_air_special'"}) }}
with rules as (
    {{ air_special_rules(['inversion_min_deg_c', 'inversion_min_strength_deg_c']) }}
),

marked as (
    select
        p.*, r.inversion_min_strength_deg_c,
        coalesce(p.is_for_inversion and p.temperature_step_deg_c > r.inversion_min_deg_c, false) as is_warmer
    from {{ ref('fct_air_profile') }} as p
    left join rules as r on {{ in_force(day_of_interval('p.observed_at'), 'r.') }}
),

starts as (
    select
        *,
        case when is_warmer and not coalesce(lag(is_warmer) over (
            partition by station_code, maturity, observed_at order by height_m), false) then lower_height_m end as start_m
    from marked
),

runs as (
    select
        *,
        max(start_m) over (
            partition by station_code, maturity, observed_at order by height_m
            rows between unbounded preceding and current row
        ) as base_m
    from starts
),

strengths as (
    select
        station_code, maturity, observed_at, base_m, max(height_m) as top_m, sum(temperature_step_deg_c) as strength_deg_c
    from runs
    where is_warmer
    group by station_code, maturity, observed_at, base_m
),

strongest as (
    {{ latest_by_key('strengths', ['station_code', 'maturity', 'observed_at'], ['strength_deg_c desc', 'base_m asc'],
        ['station_code', 'maturity', 'observed_at', 'base_m', 'top_m', 'strength_deg_c']) }}
),

hours as (
    select
        station_code, maturity, observed_at, month,
        count(*) as expected_layer_count,
        count(case when not is_missing_layer then 1 end) as layer_count,
        {{ join_text("case when is_missing_layer then cast(height_m as varchar) end", '、', 'height_m') }} as missing_heights_zh,
        count(case when is_for_inversion then 1 end) as inversion_layer_count,
        max(inversion_min_strength_deg_c) as min_strength_deg_c
    from marked
    group by station_code, maturity, observed_at, month
),

judged as (
    select
        h.*, s.base_m, s.top_m, s.strength_deg_c,
        case
            when h.inversion_layer_count = 0 or h.min_strength_deg_c is null then null
            when s.strength_deg_c >= h.min_strength_deg_c then true
            when h.layer_count < h.expected_layer_count then null
            else false
        end as has_inversion
    from hours as h
    left join strongest as s
        on h.station_code = s.station_code and h.maturity = s.maturity and h.observed_at = s.observed_at
)

select
    station_code, maturity, observed_at, expected_layer_count, layer_count, missing_heights_zh, has_inversion,
    case when has_inversion then base_m end as inversion_base_m,
    case when has_inversion then top_m end as inversion_top_m,
    cast(case when has_inversion then strength_deg_c end as decimal(18, 6)) as inversion_strength_deg_c,
    case
        when inversion_layer_count = 0 then '该仪器不测气温，不判逆温'
        when min_strength_deg_c is null then '没有登记逆温判定规则'
        when has_inversion is null then concat('缺层（', missing_heights_zh, ' 米），不能判定有无逆温')
        when layer_count < expected_layer_count then concat('缺层（', missing_heights_zh, ' 米）')
    end as reason_zh,
    'illustrative' as status,
    month
from judged
