-- grain: point_id × factor_code × maturity × period_type × period
-- means run over hours that have both sides; the lorry link is the slope of the increment on the lorries of the same hour
{{ config(meta={'evidence': [
    {'parent': 'fct_corridor_hour', 'label_zh': '逐小时增量', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'maturity': 'maturity', 'date_day >=': 'period_start_date', 'date_day <': 'period_end_date'}}],
    'clause': "'plan_4_9_2_air_special'"}) }}
with rules as (
    {{ air_special_rules(['corridor_day_min_hours', 'corridor_month_min_hours']) }}
),

spread as (
    {%- for t in ['day', 'month'] %}
    select
        '{{ t }}' as period_type,
        {{ period_label('date_day', t) }} as period,
        {% if t == 'day' %}date_day{% else %}{{ period_start('date_day', t) }}{% endif %} as period_start_date,
        {% if t == 'day' %}{{ add_days('date_day', '1') }}{% else %}{{ period_end(period_start('date_day', t), t) }}{% endif %}
            as period_end_date,
        point_id, factor_code, maturity, roadside_value, background_value, increment_value, truck_flow_count,
        case when increment_value is not null then truck_flow_count end as paired_truck,
        case when truck_flow_count is not null then increment_value end as paired_increment
    from {{ ref('fct_corridor_hour') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

grouped as (
    select
        point_id, factor_code, maturity, period_type, period, period_start_date, period_end_date,
        count(increment_value) as pair_hour_count,
        {{ mean('case when increment_value is not null then roadside_value end', 6) }} as roadside_mean_value,
        {{ mean('case when increment_value is not null then background_value end', 6) }} as background_mean_value,
        sum(increment_value) as increment_sum,
        {{ mean('increment_value', 6) }} as increment_mean_value,
        sum(truck_flow_count) as truck_sum,
        count(paired_truck) as truck_pair_hour_count,
        {{ mean('paired_truck', 6) }} as truck_mean,
        {{ mean('paired_increment', 6) }} as paired_increment_mean,
        {{ mean(mul('paired_truck', 'paired_increment'), 12) }} as cross_mean,
        {{ mean(mul('paired_truck', 'paired_truck'), 12) }} as square_mean
    from spread
    group by point_id, factor_code, maturity, period_type, period, period_start_date, period_end_date
),

judged as (
    select
        g.*,
        {{ days_between('g.period_start_date', 'g.period_end_date') }} * 24 as expected_hour_count,
        case g.period_type when 'day' then r.corridor_day_min_hours else r.corridor_month_min_hours end as min_hours,
        cast(g.cross_mean - {{ mul('g.truck_mean', 'g.paired_increment_mean') }} as decimal(38, 12)) as covariance,
        cast(g.square_mean - {{ mul('g.truck_mean', 'g.truck_mean') }} as decimal(38, 12)) as variance
    from grouped as g
    left join rules as r on {{ in_force('g.period_start_date', 'r.') }}
)

select
    point_id, factor_code, maturity, period_type, period, period_start_date, period_end_date,
    cast(expected_hour_count as bigint) as expected_hour_count,
    pair_hour_count,
    coalesce(pair_hour_count >= min_hours, false) as is_complete,
    cast(case when pair_hour_count >= min_hours then roadside_mean_value end as decimal(18, 6)) as roadside_mean_value,
    cast(case when pair_hour_count >= min_hours then background_mean_value end as decimal(18, 6)) as background_mean_value,
    cast(case when pair_hour_count >= min_hours then increment_sum end as decimal(18, 6)) as increment_sum_value,
    cast(case when pair_hour_count >= min_hours then increment_mean_value end as decimal(18, 6)) as increment_mean_value,
    cast(case when pair_hour_count >= min_hours then {{ ratio('increment_mean_value * 100', 'roadside_mean_value', 6) }} end
        as decimal(18, 6)) as increment_share_pct,
    cast(truck_sum as decimal(18, 6)) as truck_total_count,
    truck_pair_hour_count,
    cast(case when truck_pair_hour_count >= min_hours then {{ ratio('covariance', 'variance', 6, 12) }} end as decimal(18, 6))
        as increment_per_truck_value,
    case
        when min_hours is null then '没有登记完整性规则，不出均值'
        when pair_hour_count < min_hours
            then concat('成对小时数 ', cast(pair_hour_count as varchar), ' 少于 ', cast(cast(min_hours as int) as varchar), '，不出均值')
    end as reason_zh,
    'illustrative' as status
from judged
