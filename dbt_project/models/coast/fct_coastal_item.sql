-- grain: point_id × factor_code × period × maturity
-- mean of an item at a site over the samples of a quarter, within one maturity, and its class; one blank limit and there is no class.
-- pH is averaged as hydrogen ion.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '航次样品', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'maturity': 'maturity',
        'observed_at >=': 'cast(period_start_date as timestamp)', 'observed_at <': 'cast(period_end_date as timestamp)'}}],
    'clause': "'gb3097_1997_t1'"}) }}
with effective as (
    {{ effective_reading('evaluation', "point_id like 'coastal_water:%' and statistic = 'instant'", own_keys=['maturity']) }}
),

valued as (
    select
        e.point_id, e.factor_code, e.maturity, {{ period_start('e.observed_at', 'quarter') }} as period_start_date,
        case
            when e.flag_human is not null then null
            when e.qualifier = '<' then cast({{ mul('e.detection_limit', 's.fraction', 6) }} as decimal(18, 6))
            else e.effective_value
        end as value
    from effective as e
    inner join (select distinct factor_code from {{ ref('coastal_limit') }}) as i on e.factor_code = i.factor_code
    left join {{ ref('water_detection_substitution') }} as s
        on s.medium = 'surface_water' and s.statistic = 'mean' and {{ in_force(date_of('e.observed_at'), 's.') }}
),

means as (
    select
        point_id, factor_code, maturity, period_start_date, count(*) as told_count, count(value) as sample_count,
        case
            when factor_code = 'w01001' then {{ ph_of_hydrogen(mean(hydrogen_nmol('value'), 12)) }}
            else cast({{ mean('value', 6) }} as decimal(18, 6))
        end as value
    from valued
    group by point_id, factor_code, maturity, period_start_date
),

graded as (
    select
        m.point_id, m.factor_code, m.maturity, m.period_start_date, m.told_count, m.sample_count, m.value,
        max(l.item_name_zh) as item_name_zh, count(l.grade) as limit_count, count(coalesce(l.limit_value, l.limit_low)) as told_limit_count,
        min(case
            when l.comparison = 'le' and m.value <= l.limit_value then l.grade
            when l.comparison = 'ge' and m.value >= l.limit_value then l.grade
            when l.comparison = 'range' and m.value >= l.limit_low and m.value <= l.limit_value then l.grade
        end) as met_grade,
        {{ worst_status('l.status') }} as status
    from means as m
    left join {{ ref('coastal_limit') }} as l on m.factor_code = l.factor_code and {{ in_force('m.period_start_date', 'l.') }}
    group by m.point_id, m.factor_code, m.maturity, m.period_start_date, m.told_count, m.sample_count, m.value
)

select
    g.point_id, g.factor_code, g.item_name_zh, {{ period_label('g.period_start_date', 'quarter') }} as period, g.period_start_date,
    {{ period_end('g.period_start_date', 'quarter') }} as period_end_date, g.maturity, g.sample_count, g.value,
    case
        when g.value is null or g.limit_count = 0 or g.told_limit_count < g.limit_count then null
        else cast(coalesce(g.met_grade, w.value) as int)
    end as grade,
    case
        when g.value is null then '无有效值'
        when g.limit_count = 0 or g.told_limit_count < g.limit_count then '未评价（缺标准）'
    end as reason_zh,
    coalesce(g.status, 'unverified') as status
from graded as g
left join {{ ref('coastal_rule') }} as w on w.rule = 'worst_grade' and {{ in_force('g.period_start_date', 'w.') }}
