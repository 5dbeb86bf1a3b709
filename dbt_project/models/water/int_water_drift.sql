-- grain: point_id × factor_code × date_day × maturity
-- mean of the last days against the days before them, one maturity at a time; items that are worse when higher
{{ config(meta={'publish': true, 'lookback_hours': 336, 'evidence': [
    {'parent': 'fct_water_section_item', 'label_zh': '日均值', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'maturity': 'maturity', 'period_type': "'day'", 'period_start_date >': 'before_start_date',
        'period_start_date <=': 'date_day'}}]}) }}
with daily as (
    select i.point_id, i.factor_code, i.item_name_zh, i.period_start_date as date_day, i.maturity, i.value
    from {{ ref('fct_water_section_item') }} as i
    inner join {{ ref('dim_water_section') }} as s
        on i.point_id = s.point_id and s.network = 'district' and {{ in_force('i.period_start_date', 's.') }}
    inner join (select distinct factor_code from {{ ref('int_water_limit') }} where comparison = 'le') as l
        on i.factor_code = l.factor_code
    where i.period_type = 'day' and i.value is not null
)

select
    d.point_id, d.factor_code, d.item_name_zh, d.date_day, d.maturity,
    {{ add_days('d.date_day', '0 - 2 * cast(w.value as int)') }} as before_start_date,
    cast({{ mean('n.value', 6, filter='n.date_day > ' ~ add_days('d.date_day', '0 - cast(w.value as int)')) }} as decimal(18, 6)) as recent_value,
    cast({{ mean('n.value', 6, filter='n.date_day <= ' ~ add_days('d.date_day', '0 - cast(w.value as int)')) }} as decimal(18, 6)) as before_value,
    cast(count(case when n.date_day > {{ add_days('d.date_day', '0 - cast(w.value as int)') }} then 1 end) as bigint) as recent_day_count,
    cast(count(case when n.date_day <= {{ add_days('d.date_day', '0 - cast(w.value as int)') }} then 1 end) as bigint) as before_day_count,
    {{ month_of('d.date_day') }} as month
from daily as d
{{ join_water_rule('drift_window_days', 'w', 'd.date_day') }}
inner join daily as n
    on d.point_id = n.point_id and d.factor_code = n.factor_code and d.maturity = n.maturity and n.date_day <= d.date_day
    and n.date_day > {{ add_days('d.date_day', '0 - 2 * cast(w.value as int)') }}
group by d.point_id, d.factor_code, d.item_name_zh, d.date_day, d.maturity, w.value
