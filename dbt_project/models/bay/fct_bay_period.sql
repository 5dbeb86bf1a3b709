-- grain: point_id × factor_code × method_code × period_type × period × maturity
-- Sums of days within one maturity. A load is told only when every day of the period so far has a value, measured or estimated;
-- the share of estimated days and the distance between methods say how sure it is.
{{ config(meta={'evidence': [
    {'parent': 'fct_bay_day', 'label_zh': '逐日通量', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'maturity': 'maturity', 'date_day >=': 'period_start_date', 'date_day <': 'period_end_date'}}],
    'clause': "(select m.clause_id from build.bay_flux_method m where m.method_code = r.method_code and m.method_version = r.method_version)"}) }}
with days as (
    select
        d.*,
        {{ mul('d.flow_weighted_mg_l', 'd.out_volume_m3', 12) }} as out_g
    from {{ ref('fct_bay_day') }} as d
),

-- month by month, because the period-mean method multiplies the means of a month
months as (
    select
        point_id, factor_code, maturity, month, method_code,
        sum(load_kg) as load_kg, sum(out_kg) as out_kg, sum(in_kg) as in_kg, sum(volume_m3) as volume_m3,
        sum(out_volume_m3) as out_volume_m3, sum(in_volume_m3) as in_volume_m3,
        sum(mean_mg_l) as mean_sum, sum(case when mean_mg_l is not null then volume_m3 end) as measured_volume_m3,
        sum(out_g) as out_g, sum(case when out_g is not null then out_volume_m3 end) as out_g_volume_m3,
        count(mean_mg_l) as measured_day_count,
        sum(case when is_estimated then 1 else 0 end) as estimated_day_count,
        sum(case when load_kg is null then 1 else 0 end) as missing_day_count,
        count(*) as day_count
    from days
    group by point_id, factor_code, maturity, month, method_code
),

periods as (
    {%- for period_type in ['month', 'quarter', 'year'] %}
    select
        m.point_id, m.factor_code, m.maturity, '{{ period_type }}' as period_type,
        {{ period_start('m.month', period_type) }} as period_start_date,
        {{ period_end(period_start('m.month', period_type), period_type) }} as period_end_date,
        {{ period_label('m.month', period_type) }} as period,
        m.month, m.method_code, m.load_kg, m.out_kg, m.in_kg, m.volume_m3, m.out_volume_m3, m.in_volume_m3, m.mean_sum,
        m.measured_volume_m3, m.out_g, m.out_g_volume_m3, m.measured_day_count, m.estimated_day_count, m.missing_day_count, m.day_count
    from months as m
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- concentration and flow of the month by complete days, times all its days
summed as (
    select
        p.point_id, p.factor_code, p.maturity, p.period_type, p.period, p.period_start_date, p.period_end_date, p.method_code,
        sum(p.load_kg) as day_load_kg, sum(p.out_kg) as out_kg, sum(p.in_kg) as in_kg, sum(p.volume_m3) as volume_m3,
        sum(p.out_volume_m3) as out_volume_m3, sum(p.in_volume_m3) as in_volume_m3, sum(p.out_g) as out_g,
        sum(p.out_g_volume_m3) as out_g_volume_m3, sum(p.mean_sum) as mean_sum,
        sum(cast({{ ratio(mul(mul(ratio('p.mean_sum', 'p.measured_day_count', 6), ratio('p.measured_volume_m3', 'p.measured_day_count', 6), 6), 'p.day_count', 12), '1000', 6, 12) }} as decimal(38, 6)))
            as mean_load_kg,
        sum(p.measured_day_count) as measured_day_count, sum(p.estimated_day_count) as estimated_day_count,
        sum(p.missing_day_count) as missing_day_count, sum(p.day_count) as day_count
    from periods as p
    group by
        p.point_id, p.factor_code, p.maturity, p.period_type, p.period, p.period_start_date, p.period_end_date, p.method_code
),

spanned as (
    select
        s.*,
        {{ days_between('s.period_start_date', 'case when s.period_end_date < ' ~ date_of(as_of()) ~ ' then s.period_end_date else ' ~ date_of(as_of()) ~ ' end') }}
            as expected_day_count,
        cast({{ ratio('s.mean_sum', 's.measured_day_count', 6) }} as decimal(18, 6)) as mean_mg_l,
        cast({{ ratio('s.out_g', 's.out_g_volume_m3', 6, 12) }} as decimal(18, 6)) as flow_weighted_mg_l
    from summed as s
),

-- the flow-weighted method rests on the day rows of the default method
methods as (
    select
        s.*, k.method_code as told_method, k.method_version, k.name_zh as method_name_zh, k.is_default, k.status as method_status,
        case k.method_code
            when 'instant_sum' then s.day_load_kg
            when 'period_mean' then s.mean_load_kg
            else cast({{ ratio(mul('s.flow_weighted_mg_l', 's.volume_m3', 12), '1000', 6, 12) }} as decimal(38, 6))
        end as method_kg
    from spanned as s
    inner join {{ ref('bay_flux_method') }} as k
        on {{ is_named_in('s.period_type', 'k.period_types', ',') }}
        and {{ in_force('s.period_start_date', 'k.') }}
        and s.method_code = case when concat(',', k.period_types, ',') like '%,day,%' then k.method_code else 'instant_sum' end
),

loads as (
    select
        m.*,
        m.expected_day_count - m.measured_day_count - m.estimated_day_count as no_value_day_count,
        case when m.expected_day_count = m.measured_day_count + m.estimated_day_count
            then cast({{ ratio('m.method_kg', '1000', 6) }} as decimal(18, 6)) end as load_t,
        cast({{ ratio('m.estimated_day_count * 100', 'm.expected_day_count', 6) }} as decimal(18, 6)) as estimated_day_share_pct
    from methods as m
),

compared as (
    select
        l.*,
        max(case when l.is_default then l.load_t end) over (
            partition by l.point_id, l.factor_code, l.maturity, l.period_type, l.period) as default_load_t
    from loads as l
),

ranked as (
    select
        c.*,
        cast(row_number() over (
            partition by c.point_id, c.factor_code, c.told_method, c.period_type, c.period
            order by case when c.load_t is null then 1 else 0 end, coalesce(p.rank_no, 99), c.maturity) as int) as rank_in_period
    from compared as c
    left join {{ ref('reading_priority') }} as p on p.purpose = 'evaluation' and p.aspect = 'maturity' and c.maturity = p.code
)

select
    r.point_id, r.factor_code, r.told_method as method_code, r.method_version, r.method_name_zh, r.is_default, r.period_type, r.period,
    r.period_start_date, r.period_end_date, r.maturity, r.rank_in_period,
    r.load_t,
    cast({{ ratio('r.day_load_kg', '1000', 6) }} as decimal(18, 6)) as covered_load_t,
    cast({{ ratio('r.out_kg', '1000', 6) }} as decimal(18, 6)) as out_t,
    cast({{ ratio('r.in_kg', '1000', 6) }} as decimal(18, 6)) as in_t,
    cast(r.volume_m3 as decimal(18, 6)) as volume_m3,
    cast(r.out_volume_m3 as decimal(18, 6)) as out_volume_m3,
    cast(r.in_volume_m3 as decimal(18, 6)) as in_volume_m3,
    r.mean_mg_l, r.flow_weighted_mg_l,
    cast(r.expected_day_count as bigint) as expected_day_count,
    cast(r.measured_day_count as bigint) as measured_day_count,
    cast(r.estimated_day_count as bigint) as estimated_day_count,
    cast(r.no_value_day_count as bigint) as missing_day_count,
    r.estimated_day_share_pct,
    cast({{ ratio('abs(r.load_t - r.default_load_t) * 100', 'abs(r.default_load_t)', 6) }} as decimal(18, 6)) as method_difference_pct,
    case
        when r.load_t is null then concat('缺 ', cast(r.no_value_day_count as varchar), ' 日且无法估算，不成通量')
        when r.estimated_day_share_pct > x.value then concat('估算日占 ', {{ plain('r.estimated_day_share_pct') }}, '%，不确定性大')
        when r.estimated_day_count > 0 then concat('含 ', cast(r.estimated_day_count as varchar), ' 个估算日')
    end as reason_zh,
    case when r.estimated_day_count > 0 then 'illustrative' else r.method_status end as status
from ranked as r
left join {{ ref('bay_rule') }} as x on x.rule = 'max_estimated_share_pct' and {{ in_force('r.period_start_date', 'x.') }}
