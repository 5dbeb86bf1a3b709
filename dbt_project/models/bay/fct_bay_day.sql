-- grain: point_id × factor_code × method_code × date_day × maturity
-- Load of a day within one maturity: positive out of the river, negative back into it, net = out − in. An hour counts when both
-- concentration and flow are there; a day with too few such hours is estimated from the nearest complete days and says so.
{%- set series = ['point_id', 'factor_code', 'maturity'] %}
{%- set last_hour = "cast(date_day as timestamp) + interval '1' day" %}
{{ config(meta={'lookback_hours': 168, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '小时浓度与流量', 'when': 'not is_estimated',
        'on': {'point_id': 'point_id', 'factor_code in': "concat(factor_code, ',w00000')", 'maturity': 'maturity',
            'observed_at >': 'cast(date_day as timestamp)', 'observed_at <=': last_hour}},
    {'parent': 'fct_reading', 'label_zh': '缺测日前后的小时浓度与流量', 'when': 'is_estimated',
        'on': {'point_id': 'point_id', 'factor_code in': "concat(factor_code, ',w00000')", 'maturity': 'maturity',
            'observed_at >': "cast(date_day as timestamp) - interval '8' day", 'observed_at <=': "cast(date_day as timestamp) + interval '8' day"}}],
    'clause': "(select m.clause_id from build.bay_flux_method m where m.method_code = r.method_code and m.method_version = r.method_version)"}) }}
with effective as (
    {{ effective_reading('evaluation', "point_id like 'river_mouth:%' and statistic = 'mean' and averaging_minutes = 60", own_keys=['maturity']) }}
),

flows as (
    select point_id, maturity, observed_at, effective_value as flow_m3_h
    from effective
    where factor_code = 'w00000'
),

counted as (
    {{ counted_readings('effective', 'surface_water', 'mean') }}
),

concentrations as (
    select e.point_id, e.factor_code, e.maturity, e.observed_at, e.counted_value as concentration_mg_l
    from counted as e
    inner join {{ ref('bay_factor') }} as f on e.factor_code = f.factor_code
),

hours as (
    select
        c.point_id, c.factor_code, c.maturity, {{ date_of(add_hours('c.observed_at', -1)) }} as date_day,
        {{ month_of(add_hours('c.observed_at', -1)) }} as month,
        c.concentration_mg_l, q.flow_m3_h,
        {{ mul('c.concentration_mg_l', 'q.flow_m3_h', 12) }} as load_g
    from concentrations as c
    left join flows as q on c.point_id = q.point_id and c.maturity = q.maturity and c.observed_at = q.observed_at
),

-- every day of a month in which the series told anything, so that a day without readings is a row too
spine as (
    select m.point_id, m.factor_code, m.maturity, m.month, d.date_day
    from (select distinct point_id, factor_code, maturity, month from hours) as m
    inner join {{ ref('dim_date') }} as d on m.month = d.month and d.date_day < {{ date_of(as_of()) }}
),

sums as (
    select
        s.point_id, s.factor_code, s.maturity, s.month, s.date_day,
        count(h.load_g) as paired_hour_count,
        sum(h.load_g) as load_g,
        sum(case when h.load_g > 0 then h.load_g when h.load_g <= 0 then 0 end) as out_g,
        sum(case when h.load_g < 0 then -h.load_g when h.load_g >= 0 then 0 end) as in_g,
        sum(case when h.load_g is not null then h.concentration_mg_l end) as concentration_sum,
        sum(case when h.load_g is not null then h.flow_m3_h end) as flow_sum,
        sum(case when h.load_g is null then null when h.flow_m3_h > 0 then h.flow_m3_h else 0 end) as out_flow_sum,
        sum(case when h.load_g is null then null when h.flow_m3_h < 0 then -h.flow_m3_h else 0 end) as in_flow_sum,
        max(r.value) as day_min_hours
    from spine as s
    left join hours as h
        on s.point_id = h.point_id and s.factor_code = h.factor_code and s.maturity = h.maturity and s.date_day = h.date_day
    left join {{ ref('bay_rule') }} as r on r.rule = 'day_min_hours' and {{ in_force('s.date_day', 'r.') }}
    group by s.point_id, s.factor_code, s.maturity, s.month, s.date_day
),

-- a day short of a few hours stands for its 24: sums are scaled by 24 / hours
measured as (
    select
        s.point_id, s.factor_code, s.maturity, s.date_day, m.method_code,
        case m.method_code
            when 'instant_sum' then cast({{ ratio('s.load_g * 24', 's.paired_hour_count * 1000', 6, 12) }} as decimal(18, 6))
            else cast({{ ratio(mul('s.concentration_sum', 's.flow_sum', 12) ~ ' * 24', 's.paired_hour_count * s.paired_hour_count * 1000', 6, 12) }} as decimal(18, 6))
        end as load_kg,
        case m.method_code when 'instant_sum' then cast({{ ratio('s.out_g * 24', 's.paired_hour_count * 1000', 6, 12) }} as decimal(18, 6)) end as out_kg,
        case m.method_code when 'instant_sum' then cast({{ ratio('s.in_g * 24', 's.paired_hour_count * 1000', 6, 12) }} as decimal(18, 6)) end as in_kg,
        cast({{ ratio('s.flow_sum * 24', 's.paired_hour_count', 6) }} as decimal(18, 6)) as volume_m3,
        cast({{ ratio('s.out_flow_sum * 24', 's.paired_hour_count', 6) }} as decimal(18, 6)) as out_volume_m3,
        cast({{ ratio('s.in_flow_sum * 24', 's.paired_hour_count', 6) }} as decimal(18, 6)) as in_volume_m3,
        cast({{ ratio('s.concentration_sum', 's.paired_hour_count', 6) }} as decimal(18, 6)) as mean_mg_l,
        cast({{ ratio('s.out_g', 's.out_flow_sum', 6) }} as decimal(18, 6)) as flow_weighted_mg_l
    from sums as s
    inner join {{ ref('bay_flux_method') }} as m
        on concat(',', m.period_types, ',') like '%,day,%' and {{ in_force('s.date_day', 'm.') }}
    where s.paired_hour_count >= s.day_min_hours
),

reach as (
    select
        g.point_id, g.factor_code, g.maturity, g.date_day,
        max(case when c.date_day < g.date_day then c.date_day end) as before_date,
        min(case when c.date_day > g.date_day then c.date_day end) as after_date
    from sums as g
    left join {{ ref('bay_rule') }} as r on r.rule = 'gap_reach_days' and {{ in_force('g.date_day', 'r.') }}
    inner join sums as c
        on {% for k in series %}g.{{ k }} = c.{{ k }} and {% endfor %}c.paired_hour_count >= c.day_min_hours
        and abs({{ days_between('g.date_day', 'c.date_day') }}) <= r.value
    where g.paired_hour_count < g.day_min_hours
    group by g.point_id, g.factor_code, g.maturity, g.date_day
),

estimated as (
    select
        g.point_id, g.factor_code, g.maturity, g.date_day, m.method_code,
        {%- for x in ['load_kg', 'out_kg', 'in_kg', 'volume_m3', 'out_volume_m3', 'in_volume_m3'] %}
        cast({{ mean('m.' ~ x, 6) }} as decimal(18, 6)) as {{ x }},
        {%- endfor %}
        {{ join_text('cast(m.date_day as varchar)') }} as estimated_from
    from reach as g
    inner join measured as m
        on {% for k in series %}g.{{ k }} = m.{{ k }} and {% endfor %}(m.date_day = g.before_date or m.date_day = g.after_date)
    group by g.point_id, g.factor_code, g.maturity, g.date_day, m.method_code
)

select
    s.point_id, s.factor_code, k.method_code, k.method_version, s.date_day, s.month, s.maturity,
    coalesce(d.load_kg, e.load_kg) as load_kg,
    coalesce(d.out_kg, e.out_kg) as out_kg,
    coalesce(d.in_kg, e.in_kg) as in_kg,
    coalesce(d.volume_m3, e.volume_m3) as volume_m3,
    coalesce(d.out_volume_m3, e.out_volume_m3) as out_volume_m3,
    coalesce(d.in_volume_m3, e.in_volume_m3) as in_volume_m3,
    d.mean_mg_l, d.flow_weighted_mg_l,
    s.paired_hour_count,
    d.load_kg is null and e.load_kg is not null as is_estimated,
    case when d.load_kg is null then e.estimated_from end as estimated_from,
    case
        when d.load_kg is not null then null
        when e.load_kg is not null then concat('成对小时 ', cast(s.paired_hour_count as varchar), ' 个，不足日有效要求；以 ', e.estimated_from, ' 的均值估算')
        else concat('成对小时 ', cast(s.paired_hour_count as varchar), ' 个，且可及范围内没有完整日：无值')
    end as reason_zh,
    -- the day's completeness and the reach are rules of our own
    case when d.load_kg is null then 'illustrative' else k.status end as status
from sums as s
inner join {{ ref('bay_flux_method') }} as k
    on concat(',', k.period_types, ',') like '%,day,%' and {{ in_force('s.date_day', 'k.') }}
left join measured as d
    on {% for k in series %}s.{{ k }} = d.{{ k }} and {% endfor %}s.date_day = d.date_day and k.method_code = d.method_code
left join estimated as e
    on {% for k in series %}s.{{ k }} = e.{{ k }} and {% endfor %}s.date_day = e.date_day and k.method_code = e.method_code
