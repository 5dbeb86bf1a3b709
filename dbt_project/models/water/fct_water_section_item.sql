-- grain: point_id × period_type × period_start_date × factor_code
-- the item's mean of a day, month, quarter or year with its grade and multiple over class III; quarter and year are
-- means of month means and need the seeded number of months
{{ config(meta={'evidence': [
    {'parent': 'int_water_month_chosen', 'label_zh': '月均值', 'when': "period_type <> 'day'",
        'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'month >=': 'period_start_date',
            'month <': "cast(case period_type when 'year' then period_start_date + interval 1 year
                when 'quarter' then period_start_date + interval 3 month else period_start_date + interval 1 month end as date)"}},
    {'parent': 'fct_water_item', 'label_zh': '单次值', 'when': "period_type = 'day'",
        'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'observed_at >=': 'cast(period_start_date as timestamp)',
            'observed_at <': 'cast(period_start_date as timestamp) + interval 1 day'}}],
    'clause': "'gb3838_2002_t1'"}) }}
with maturity_order as (
    select code as maturity, rank_no as priority from {{ ref('reading_priority') }}
    where purpose = 'evaluation' and aspect = 'maturity'
),

daily as (
    select
        i.point_id, i.factor_code, {{ date_of('i.observed_at') }} as period_start_date, i.maturity,
        coalesce(m.priority, 99) as priority,
        case
            when i.factor_code = 'w01001' then {{ ph_of_hydrogen(mean(hydrogen_nmol('i.value'), 6)) }}
            else cast({{ mean('i.value', 6) }} as decimal(18, 6))
        end as value,
        count(i.value) as reading_count
    from {{ ref('fct_water_item') }} as i
    left join maturity_order as m on i.maturity = m.maturity
    where i.value is not null
    group by i.point_id, i.factor_code, {{ date_of('i.observed_at') }}, i.maturity, coalesce(m.priority, 99)
),

means as (
    select
        'day' as period_type, point_id, factor_code, period_start_date, maturity, value,
        cast(reading_count as bigint) as reading_count, cast(null as bigint) as month_count, cast(null as varchar) as reason_zh
    from (
        select *, row_number() over (
            partition by point_id, factor_code, period_start_date order by priority, maturity) as rank_in_day
        from daily
    ) as ranked
    where rank_in_day = 1
    union all
    select
        'month', point_id, factor_code, month, maturity, value, cast(reading_count as bigint), cast(1 as bigint),
        cast(null as varchar)
    from {{ ref('int_water_month_chosen') }}
    {% for period_type, rule in [('quarter', 'quarter_min_months'), ('year', 'year_min_months')] %}
    union all
    select
        '{{ period_type }}', g.point_id, g.factor_code, g.period_start_date,
        coalesce(o.maturity, 'preliminary'),
        case when g.month_count >= coalesce(r.value, 0) then g.value end,
        cast(g.reading_count as bigint), cast(g.month_count as bigint),
        case when g.month_count < r.value
            then concat('月均值 ', cast(g.month_count as varchar), ' 个，不足 ', cast(cast(r.value as int) as varchar), ' 个') end
    from (
        select
            point_id, factor_code, {{ period_start('month', period_type) }} as period_start_date,
            max(priority) as priority, count(*) as month_count, sum(reading_count) as reading_count,
            case
                when factor_code = 'w01001' then {{ ph_of_hydrogen(mean(hydrogen_nmol('value'), 6)) }}
                else cast({{ mean('value', 6) }} as decimal(18, 6))
            end as value
        from {{ ref('int_water_month_chosen') }}
        group by point_id, factor_code, {{ period_start('month', period_type) }}
    ) as g
    left join maturity_order as o on g.priority = o.priority
    left join {{ ref('water_rule') }} as r
        on r.rule = '{{ rule }}' and {{ in_force('g.period_start_date', 'r.') }}
    {% endfor %}
)

select
    m.point_id, m.period_type, m.period_start_date, m.factor_code, l.item_name_zh, m.maturity, m.value,
    s.water_body_type, {{ gb3838_grade('m.value', 'l') }} as grade,
    l.limit_3 as limit_class_3,
    case
        when l.comparison = 'le' and m.value > l.limit_3
            then cast({{ ratio('m.value - l.limit_3', 'l.limit_3', 6) }} as decimal(18, 6))
    end as exceedance_multiple,
    l.limit_unit, m.reading_count, m.month_count, m.reason_zh
from means as m
left join {{ ref('dim_water_section') }} as s
    on m.point_id = s.point_id and {{ in_force('m.period_start_date', 's.') }}
left join {{ ref('int_water_limit') }} as l
    on m.factor_code = l.factor_code and l.water_body_type = coalesce(s.water_body_type, 'river')
    and {{ in_force('m.period_start_date', 'l.') }}
