-- grain: point_id × series_code × period_start_date
-- trend of an item, or of the level (series water_level), over the last quarters up to this one, of ONE well as it stood:
-- Mann–Kendall S in whole numbers against the exact critical value of the seed, and the Theil–Sen slope (median of all
-- pairwise slopes) per year. Quarters before the well changed its aquifer never enter.
{{ config(meta={'evidence': [
    {'parent': 'fct_groundwater_item', 'label_zh': '各季均值', 'when': "series_code <> 'water_level'",
        'on': {'point_id': 'point_id', 'factor_code': 'series_code', 'well_valid_from': 'well_valid_from', 'period_start_date <=': 'period_start_date'}},
    {'parent': 'fct_groundwater_level', 'label_zh': '各次水位', 'when': "series_code = 'water_level'",
        'on': {'point_id': 'point_id', 'well_valid_from': 'well_valid_from', 'period_start_date <=': 'period_start_date'}}]}) }}
with series as (
    select point_id, factor_code as series_code, period_start_date, aquifer_code, well_valid_from, value
    from {{ ref('fct_groundwater_item') }}
    where value is not null and well_valid_from is not null
    union all
    select
        point_id, 'water_level' as series_code, period_start_date, max(aquifer_code) as aquifer_code, well_valid_from,
        cast({{ mean('water_level_m', 6) }} as decimal(18, 6)) as value
    from {{ ref('fct_groundwater_level') }}
    where water_level_m is not null
    group by point_id, period_start_date, well_valid_from
),

members as (
    select
        e.point_id, e.series_code, e.well_valid_from, e.aquifer_code, e.period_start_date as end_date, m.period_start_date, m.value,
        {{ year_of('m.period_start_date') }} * 12 + {{ month_number_of('m.period_start_date') }} as month_no
    from series as e
    inner join {{ ref('groundwater_rule') }} as w
        on w.rule = 'trend_window_quarters' and {{ in_force('e.period_start_date', 'w.') }}
    inner join series as m
        on e.point_id = m.point_id and e.series_code = m.series_code and e.well_valid_from = m.well_valid_from
        and m.period_start_date <= e.period_start_date
        and m.period_start_date > {{ add_months('e.period_start_date', '-3 * cast(w.value as int)') }}
),

counts as (
    select
        point_id, series_code, well_valid_from, end_date, max(aquifer_code) as aquifer_code, count(*) as quarter_count,
        min(period_start_date) as first_date
    from members
    group by point_id, series_code, well_valid_from, end_date
),

pairs as (
    select
        a.point_id, a.series_code, a.well_valid_from, a.end_date,
        case when b.value > a.value then 1 when b.value < a.value then -1 else 0 end as step_sign,
        cast({{ ratio('(b.value - a.value) * 12', 'b.month_no - a.month_no', 6) }} as decimal(18, 6)) as slope_per_year
    from members as a
    inner join members as b
        on a.point_id = b.point_id and a.series_code = b.series_code and a.well_valid_from = b.well_valid_from
        and a.end_date = b.end_date and a.period_start_date < b.period_start_date
),

statistics as (
    select
        point_id, series_code, well_valid_from, end_date, sum(step_sign) as s_statistic,
        cast({{ percentile('slope_per_year', '50') }} as decimal(18, 6)) as slope_per_year
    from pairs
    group by point_id, series_code, well_valid_from, end_date
)

select
    c.point_id, c.series_code, c.end_date as period_start_date, c.well_valid_from, c.aquifer_code, c.first_date as window_first_date,
    cast(c.quarter_count as bigint) as quarter_count, cast(s.s_statistic as int) as s_statistic, k.s_critical,
    s.slope_per_year,
    case
        when k.s_critical is null then 'insufficient'
        when s.s_statistic >= k.s_critical then 'rising'
        when s.s_statistic <= -k.s_critical then 'falling'
        else 'none'
    end as trend_code,
    case when k.s_critical is null
        then concat('同一含水层的季度值 ', cast(c.quarter_count as varchar), ' 个，不足以检验') end as reason_zh,
    coalesce(k.status, 'illustrative') as status
from counts as c
left join statistics as s
    on c.point_id = s.point_id and c.series_code = s.series_code and c.well_valid_from = s.well_valid_from and c.end_date = s.end_date
left join {{ ref('groundwater_trend_critical') }} as k on c.quarter_count = k.sample_count
