-- grain: lake_point_id × point_id × factor_code × period_type × period_start_date
-- load of a tributary in a month, quarter or year, of the most mature readings; tributaries of one lake in order of load
{{ config(meta={'evidence': [
    {'parent': 'fct_water_load_day', 'label_zh': '日负荷', 'on': {'lake_point_id': 'lake_point_id', 'point_id': 'point_id',
        'factor_code': 'factor_code', 'date_day >=': 'period_start_date', 'date_day <': 'period_end_date'}}],
    'clause': "'water_network_own'"}) }}
with maturity_order as (
    {{ maturity_priority() }}
),

summed as (
    {%- for period_type in ['month', 'quarter', 'year'] %}
    select
        lake_point_id, point_id, factor_code, maturity, '{{ period_type }}' as period_type,
        {{ period_start('date_day', period_type) }} as period_start_date,
        {{ period_end(period_start('date_day', period_type), period_type) }} as period_end_date,
        sum(observed_load_kg) as observed_kg, sum(slot_count) as slot_count, max(expected_slot_count) as day_slot_count
    from {{ ref('fct_water_load_day') }}
    group by lake_point_id, point_id, factor_code, maturity, {{ period_start('date_day', period_type) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

chosen as (
    select *
    from (
        select
            s.*, s.day_slot_count * {{ days_between('s.period_start_date', 's.period_end_date') }} as expected_slot_count,
            row_number() over (
                partition by s.lake_point_id, s.point_id, s.factor_code, s.period_type, s.period_start_date
                order by coalesce(m.priority, 99), s.maturity
            ) as rank_in_period
        from summed as s
        left join maturity_order as m on s.maturity = m.maturity
    ) as ranked
    where rank_in_period = 1
),

judged as (
    select
        c.lake_point_id, c.point_id, c.factor_code, c.period_type, c.period_start_date, c.period_end_date, c.maturity,
        cast({{ ratio('c.observed_kg', '1000', 6) }} as decimal(18, 6)) as observed_load_t,
        c.slot_count * 100 >= c.expected_slot_count * p.value as is_complete,
        cast(c.slot_count as bigint) as slot_count, cast(c.expected_slot_count as bigint) as expected_slot_count
    from chosen as c
    {{ join_water_rule('load_min_pct', 'p', 'c.period_start_date') }}
)

select
    lake_point_id, point_id, factor_code, period_type, period_start_date, period_end_date, maturity,
    case when is_complete then observed_load_t end as load_t, observed_load_t, slot_count, expected_slot_count,
    case
        when is_complete then cast(rank() over (
            partition by lake_point_id, factor_code, period_type, period_start_date, is_complete order by observed_load_t desc) as int)
    end as rank_in_lake,
    case
        when not is_complete then concat(
            '有效时次 ', cast(slot_count as varchar), ' 个，应有 ', cast(expected_slot_count as varchar), ' 个，不足规定比例，不外推')
    end as reason_zh
from judged
