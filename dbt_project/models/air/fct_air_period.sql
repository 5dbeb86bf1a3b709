-- grain: subject_type × subject_id × period_type × period × basis × factor_code
-- Month and year by HJ 663; a quarter asks for the days its months ask for. Short of days: value null, with a reason.
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'fct_air_day', 'label_zh': '空气日评价', 'on': {
        'subject_type': 'subject_type', 'subject_id': 'subject_id',
        'air_date >=': 'period_start_date', 'air_date <': 'period_end_date'}}]}) }}
{%- set items = [['SO2', 'so2_ug_m3'], ['NO2', 'no2_ug_m3'], ['CO', 'co_mg_m3'], ['O3', 'o3_max_8h_ug_m3'],
    ['PM10', 'pm10_ug_m3'], ['PM2_5', 'pm25_ug_m3']] %}
with day_basis as (
    {{ air_day_basis() }}
),

rules as (
    {{ air_rules(['month_min_days', 'february_min_days', 'year_min_days']) }}
),

told as (
    {%- for i in items %}
    select basis, subject_type, subject_id, air_date, maturity, status, '{{ i[0] }}' as factor_code, {{ i[1] }} as day_value
    from day_basis
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

spread as (
    {%- for t in ['month', 'quarter', 'year'] %}
    select
        '{{ t }}' as period_type,
        {{ period_label('air_date', t) }} as period,
        {{ period_start('air_date', t) }} as period_start_date,
        {{ period_end(period_start('air_date', t), t) }} as period_end_date,
        basis, subject_type, subject_id, factor_code, maturity, status, day_value
    from told
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- the rule in force on the last day of the period judges it; a basis of one rule is judged by that rule
judged as (
    select
        s.*, g.regime, e.percentile_pct, e.annual_limit, e.percentile_limit, e.composite_input, e.composite_weight,
        e.clause_id, e.status as rule_status, k.rank_no as maturity_rank
    from spread as s
    inner join {{ ref('air_regime') }} as g
        on (s.basis = 'default' and {{ in_force(add_days('s.period_end_date', '-1'), 'g.') }}) or s.basis = g.regime
    inner join {{ ref('air_evaluation_item') }} as e on g.regime = e.regime and s.factor_code = e.factor_code
    left join {{ ref('reading_priority') }} as k
        on k.purpose = 'evaluation' and k.aspect = 'maturity' and k.code = s.maturity
),

counted as (
    select
        subject_type, subject_id, period_type, period, period_start_date, period_end_date, basis, factor_code, regime,
        percentile_pct, annual_limit, percentile_limit, composite_input, composite_weight, clause_id, rule_status,
        count(day_value) as day_count,
        sum(day_value) as day_sum,
        {{ mean('day_value', 6) }} as mean_value,
        {{ percentile('day_value', 'percentile_pct') }} as percentile_value,
        max(case when day_value is not null then maturity_rank end) as maturity_rank,
        max(case when day_value is not null and status <> 'verified' then 1 else 0 end) as unverified_days
    from judged
    group by
        subject_type, subject_id, period_type, period, period_start_date, period_end_date, basis, factor_code, regime,
        percentile_pct, annual_limit, percentile_limit, composite_input, composite_weight, clause_id, rule_status
),

required as (
    select
        c.*,
        case
            when c.period_type = 'year' then r.year_min_days
            when c.period_type = 'quarter' and {{ quarter_of('c.period_start_date') }} = 1
                then r.month_min_days + r.month_min_days + r.february_min_days
            when c.period_type = 'quarter' then r.month_min_days + r.month_min_days + r.month_min_days
            when {{ month_number_of('c.period_start_date') }} = 2 then r.february_min_days
            else r.month_min_days
        end as required_days
    from counted as c
    inner join rules as r on c.regime = r.regime
),

complete as (
    select *, day_count >= required_days as is_complete from required
)

select
    c.subject_type, c.subject_id, c.period_type, c.period, c.period_start_date, c.period_end_date, c.basis,
    c.factor_code, c.regime,
    cast(c.day_count as bigint) as day_count,
    cast(c.required_days as bigint) as required_day_count,
    c.is_complete,
    c.day_sum,
    cast(case when c.is_complete then c.mean_value end as decimal(18, 6)) as mean_value,
    c.percentile_pct,
    cast(case when c.is_complete then {{ round_half_up('c.percentile_value', 6, 8) }} end as decimal(18, 6)) as percentile_value,
    c.annual_limit, c.percentile_limit, c.composite_input, c.composite_weight,
    cast(case
        when not c.is_complete then null
        when c.composite_input = 'mean' then {{ ratio('c.mean_value', 'c.annual_limit', 6) }}
        else {{ ratio('c.percentile_value', 'c.percentile_limit', 6, 8) }}
    end as decimal(18, 6)) as quality_index,
    k.code as maturity,
    case when not c.is_complete
        then concat('有效天数 ', cast(c.day_count as varchar), ' 天，少于 ', cast(cast(c.required_days as bigint) as varchar), ' 天')
    end as reason_zh,
    c.clause_id,
    case when c.rule_status = 'verified' and c.unverified_days = 0 then 'verified' else 'unverified' end as status
from complete as c
left join {{ ref('reading_priority') }} as k
    on k.purpose = 'evaluation' and k.aspect = 'maturity' and k.rank_no = c.maturity_rank
