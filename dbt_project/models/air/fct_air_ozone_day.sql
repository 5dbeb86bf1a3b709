-- grain: point_id × air_date
-- The ozone day of a point, in the maturity and under the rule of its day: maximum 8 h mean and the hour its window ends, the highest
-- hour, and what stood beside it in that hour. What is not measured there is said, never filled in.
{{ config(contract={'enforced': true}, meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'int_air_day', 'label_zh': '点位日统计', 'on': {'point_id': 'point_id', 'air_date': 'air_date'}},
    {'parent': 'int_air_hour', 'label_zh': '逐时浓度', 'on': {'point_id': 'point_id', 'air_date': 'air_date', 'maturity': 'maturity'}},
    {'parent': 'fct_reading', 'label_zh': '气温', 'on': {'point_id': 'point_id', 'factor_code': "'a01001'", 'statistic': "'mean'",
        'averaging_minutes': '60', 'observed_at': 'peak_observed_at'}}],
    'clause': '(select g.clause_id from build.air_regime g where g.regime = r.regime)'}) }}
with rules as (
    {{ air_rules(['o3_window_min_hours', 'o3_first_window_hour']) }}
),

limits as (
    {{ air_limits('daily_max_8h') }}
),

days as (
    select
        d.point_id, d.air_date, d.month, d.maturity, d.regime, d.is_o3_valid, d.o3_window_count, d.o3_hour_count,
        d.o3_max_8h_ug_m3, d.o3_max_1h_ug_m3, d.o3_status, d.o3_day_min_windows, l.limit_value, l.status as limit_status,
        cast({{ air_rounded('d.o3_max_8h_ug_m3', 'n.digits') }} as decimal(18, 6)) as compared_ug_m3
    from {{ ref('int_air_day') }} as d
    inner join {{ ref('air_regime') }} as g on d.regime = g.regime and {{ in_force('d.air_date', 'g.') }}
    left join limits as l on d.regime = l.regime and l.factor_code = 'O3' and {{ in_force('d.air_date', 'l.') }}
    left join {{ ref('air_input_rounding') }} as n
        on d.regime = n.regime and n.factor_code = 'O3' and n.averaging = '8h'
    where d.is_chosen
),

hours as (
    select
        d.point_id, d.air_date, h.observed_at, h.hour_no, h.o3_ug_m3, h.no2_ug_m3,
        row_number() over (
            partition by d.point_id, d.air_date order by h.o3_ug_m3 desc nulls last, h.hour_no
        ) as hour_rank,
        min(case
            when h.hour_no >= r.o3_first_window_hour and h.o3_8h_count >= r.o3_window_min_hours
                and {{ ratio('h.o3_8h_sum_ug_m3', 'h.o3_8h_count', 6) }} = d.o3_max_8h_ug_m3 then h.hour_no
        end) over (partition by d.point_id, d.air_date) as window_end_hour_no
    from days as d
    inner join {{ ref('int_air_hour') }} as h
        on d.point_id = h.point_id and d.air_date = h.air_date and d.maturity = h.maturity
    inner join rules as r on d.regime = r.regime
),

temperatures as (
    {{ effective_reading('evaluation', "factor_code = 'a01001' and statistic = 'mean' and averaging_minutes = 60") }}
)

select
    d.point_id, d.air_date, d.month, d.regime, d.maturity,
    cast(case when d.is_o3_valid then d.o3_max_8h_ug_m3 end as decimal(18, 6)) as o3_max_8h_ug_m3,
    h.window_end_hour_no,
    cast(case when d.is_o3_valid then d.o3_max_1h_ug_m3 end as decimal(18, 6)) as o3_max_1h_ug_m3,
    case when h.o3_ug_m3 is not null then h.observed_at end as peak_observed_at,
    d.limit_value,
    case when d.is_o3_valid then d.compared_ug_m3 > d.limit_value end as is_exceedance,
    case when h.o3_ug_m3 is not null then h.no2_ug_m3 end as no2_at_peak_ug_m3,
    cast(t.effective_value as decimal(18, 6)) as temperature_at_peak_deg_c,
    d.o3_window_count,
    case
        when not d.is_o3_valid
            then concat('有效 8 小时窗口 ', cast(d.o3_window_count as varchar), ' 个，少于 ',
                cast(cast(d.o3_day_min_windows as bigint) as varchar), ' 个且未超标')
    end as reason_zh,
    case when h.o3_ug_m3 is not null then nullif(concat_ws('；',
        case when h.no2_ug_m3 is null then '缺同小时 NO2' end,
        case when t.effective_value is null then '缺同小时气温' end), '') end as context_missing_zh,
    case when d.o3_status = 'verified' and coalesce(d.limit_status, 'unverified') = 'verified' then 'verified' else 'unverified' end as status
from days as d
left join hours as h on d.point_id = h.point_id and d.air_date = h.air_date and h.hour_rank = 1
left join temperatures as t on h.point_id = t.point_id and h.observed_at = t.observed_at and h.o3_ug_m3 is not null
