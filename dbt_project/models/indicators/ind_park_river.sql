-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- rivers beside parks: mean lagged difference and number of suspected discharges; the subject point is the downstream station,
-- the basis the factor. Each pair counts within the maturity of most of its hours, never two together.
{%- set of_subject = {'from_point_id in': "case when subject_type = 'point' then subject_id else (select string_agg(distinct d.point_id, ',') from build.dim_point d where d.medium = 'park_river' and (length(r.subject_id) = 6 or d.town_code = r.subject_id)) end",
    'factor_code': 'basis', 'month >=': 'period_start_date', 'month <': 'period_end_date'} %}
{{ config(meta={'evidence': [
    {'parent': 'fct_park_river_pair', 'label_zh': '上下游逐时比较', 'on': of_subject},
    {'parent': 'fct_park_river_event', 'label_zh': '疑似排放', 'on': of_subject, 'when': "indicator_code = 'park_river_discharge_count'"}]}) }}
with pair_months as (
    select
        p.from_point_id as point_id, p.town_code, p.factor_code, p.month, p.maturity,
        count(*) as expected_count, count(p.difference) as observed_count, sum(p.difference) as difference_sum,
        {{ worst_status('p.status') }} as status
    from {{ ref('fct_park_river_pair') }} as p
    group by p.from_point_id, p.town_code, p.factor_code, p.month, p.maturity
),

ranked as (
    select
        m.*,
        row_number() over (
            partition by m.point_id, m.factor_code, m.month order by m.observed_count desc, coalesce(r.rank_no, 99), m.maturity) as choice
    from pair_months as m
    left join {{ ref('reading_priority') }} as r on r.purpose = 'evaluation' and r.aspect = 'maturity' and m.maturity = r.code
),

events as (
    select from_point_id as point_id, factor_code, month, maturity, count(*) as event_count
    from {{ ref('fct_park_river_event') }}
    group by from_point_id, factor_code, month, maturity
),

located as (
    select
        r.point_id, r.town_code, r.month, i.indicator_code, r.factor_code, r.maturity,
        case when i.indicator_code = 'park_river_discharge_count' then cast(coalesce(e.event_count, 0) as decimal(38, 6)) else r.difference_sum end
            as numerator,
        case when i.indicator_code = 'park_river_discharge_count' then null else r.observed_count end as denominator,
        r.expected_count, r.observed_count, r.status
    from ranked as r
    cross join (select 'park_river_difference_mg_l' as indicator_code union all select 'park_river_discharge_count') as i
    left join events as e
        on r.point_id = e.point_id and r.factor_code = e.factor_code and r.month = e.month and r.maturity = e.maturity
    where r.choice = 1
),

{{ point_subjects('located', 'park_river', basis='factor_code') }}

{{ indicator_rows('told', "case when observed_count = 0 then null when indicator_code = 'park_river_discharge_count' then cast(numerator as decimal(18, 6)) else cast(" ~ ratio('numerator', 'denominator', 6) ~ " as decimal(18, 6)) end",
    'numerator', 'denominator', applicability="case when point_count = 0 then 'not_applicable' when observed_count = 0 then 'missing' else 'applies' end",
    reason="case when point_count = 0 then '本区域无园区周边河道上下游站对' when observed_count = 0 then '没有成对的读数' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 个小时不成对') end",
    maturity='maturity', policy_version="'园区周边河道规则 1'", status="coalesce(status, 'unverified')", basis='basis', subject_type='subject_type', subject='subject_id') }}
