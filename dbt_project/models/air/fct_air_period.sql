-- grain: subject_type × subject_id × period_type × period × basis × factor_code
-- Month and year by HJ 663; a quarter, and the year up to a month, ask for the days their months ask for. Short of days: value
-- null, with a reason. One maturity a period: the most mature one complete in most items; none complete, the one of most days.
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'int_air_judged_day', 'label_zh': '空气日评价（各成熟度）', 'on': {
        'subject_type': 'subject_type', 'subject_id': 'subject_id',
        'air_date >=': 'period_start_date', 'air_date <': 'period_end_date'}}]}) }}
{%- set items = [['SO2', 'so2_ug_m3', 'false'], ['NO2', 'no2_ug_m3', 'false'], ['CO', 'co_mg_m3', 'false'], ['O3', 'o3_max_8h_ug_m3', 'false'],
    ['PM10', 'pm10_ug_m3', 'is_pm10_excluded'], ['PM2_5', 'pm25_ug_m3', 'is_pm25_excluded']] %}
with day_basis as (
    {{ air_day_basis() }}
),

rules as (
    {{ air_rules(['month_min_days', 'february_min_days', 'year_min_days', 'dust_day_counts_as_told']) }}
),

told as (
    {%- for i in items %}
    select basis, rule_basis, subject_type, subject_id, air_date, maturity, status, '{{ i[0] }}' as factor_code,
        {{ i[1] }} as day_value, {{ i[2] }} as is_excluded
    from day_basis
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

spread as (
    {{ air_period_spread('told', ['basis', 'rule_basis', 'subject_type', 'subject_id', 'factor_code', 'maturity', 'status',
        'day_value', 'is_excluded']) }}
),

-- the rule in force on the last day of the period judges it; a basis of one rule is judged by that rule
judged as (
    select
        s.*, g.regime, e.percentile_pct, e.annual_limit, e.percentile_limit, e.composite_input, e.composite_weight,
        e.clause_id, e.status as rule_status
    from spread as s
    inner join {{ ref('air_regime') }} as g
        on (s.rule_basis = 'default' and {{ in_force(add_days('s.period_end_date', '-1'), 'g.') }}) or s.rule_basis = g.regime
    inner join {{ ref('air_evaluation_item') }} as e on g.regime = e.regime and s.factor_code = e.factor_code
),

counted as (
    select
        subject_type, subject_id, period_type, period, period_start_date, period_end_date, basis, factor_code, maturity, regime,
        percentile_pct, annual_limit, percentile_limit, composite_input, composite_weight, clause_id, rule_status,
        count(day_value) as day_count,
        sum(day_value) as day_sum,
        {{ mean('day_value', 6) }} as mean_value,
        {{ percentile('day_value', 'percentile_pct') }} as percentile_value,
        count(case when is_excluded then 1 end) as excluded_count,
        max(case when day_value is not null and status <> 'verified' then 1 else 0 end) as unverified_days
    from judged
    group by
        subject_type, subject_id, period_type, period, period_start_date, period_end_date, basis, factor_code, maturity, regime,
        percentile_pct, annual_limit, percentile_limit, composite_input, composite_weight, clause_id, rule_status
),

required as (
    select
        c.*,
        {{ air_required_days('c', 'r') }}
            - case when r.dust_day_counts_as_told = 1 then c.excluded_count else 0 end as required_days
    from counted as c
    inner join rules as r on c.regime = r.regime
),

judged_days as (
    select *, day_count >= required_days as is_complete from required
),

maturities as (
    select
        m.*,
        row_number() over (
            partition by m.subject_type, m.subject_id, m.period_type, m.period, m.basis
            order by m.complete_items desc, case when m.complete_items = 0 then -m.told_days else 0 end,
                coalesce(k.rank_no, 99), m.maturity
        ) as rank_no,
        count(*) over (partition by m.subject_type, m.subject_id, m.period_type, m.period, m.basis) as maturity_count
    from (
        select
            subject_type, subject_id, period_type, period, basis, maturity,
            count(case when is_complete then 1 end) as complete_items, sum(day_count) as told_days
        from judged_days
        group by subject_type, subject_id, period_type, period, basis, maturity
    ) as m
    left join {{ ref('reading_priority') }} as k
        on k.purpose = 'evaluation' and k.aspect = 'maturity' and k.code = m.maturity
),

complete as (
    select j.*, m.maturity_count
    from judged_days as j
    inner join maturities as m
        on
            j.subject_type = m.subject_type and j.subject_id = m.subject_id and j.period_type = m.period_type
            and j.period = m.period and j.basis = m.basis and j.maturity = m.maturity and m.rank_no = 1
)

select
    c.subject_type, c.subject_id, c.period_type, c.period, c.period_start_date, c.period_end_date, c.basis,
    c.factor_code, c.regime,
    cast(c.day_count as bigint) as day_count,
    cast(c.required_days as bigint) as required_day_count,
    cast(c.excluded_count as bigint) as excluded_day_count,
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
    c.maturity,
    case when not c.is_complete
        then concat('有效天数 ', cast(c.day_count as varchar), ' 天，少于 ', cast(cast(c.required_days as bigint) as varchar), ' 天',
            case when c.maturity_count > 1 then '；只计同一成熟度的天，不同成熟度不合并' else '' end)
    end as reason_zh,
    c.clause_id,
    case
        when c.rule_status = 'verified' and c.unverified_days = 0 and c.excluded_count = 0 and c.period_type in ('month', 'year')
            then 'verified'
        else 'unverified'
    end as status
from complete as c
