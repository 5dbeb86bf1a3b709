-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- outlets of industrial parks: points, towns and the district
{%- set of_subject = {'point_id in': "case when subject_type = 'point' then subject_id else (select string_agg(distinct d.point_id, ',') from build.dim_point d where d.medium = 'park_outlet' and (length(r.subject_id) = 6 or d.town_code = r.subject_id)) end",
    'month >=': 'period_start_date', 'month <': 'period_end_date'} %}
{{ config(meta={'evidence': [
    {'parent': 'fct_park_finding', 'label_zh': '晴天出流问题', 'on': of_subject, 'when': "indicator_code = 'park_dry_flow_day_count'"},
    {'parent': 'int_park_dry_hour', 'label_zh': '晴雨判别', 'on': of_subject, 'when': "indicator_code = 'park_dry_flow_day_count' and subject_type = 'point'"},
    {'parent': 'fct_park_day', 'label_zh': '污水排口日判定', 'on': of_subject, 'when': "indicator_code = 'park_sewage_compliance_pct'"},
    {'parent': 'fct_park_rain_event', 'label_zh': '降雨场次', 'on': of_subject, 'when': "indicator_code = 'park_first_flush_share_pct'"}]}) }}
with measured as (
    select
        h.point_id, h.month, 'park_dry_flow_day_count' as indicator_code, 'preliminary' as maturity,
        cast(coalesce(max(f.finding_count), 0) as bigint) as numerator, cast(null as bigint) as denominator,
        count(*) as expected_count, count(h.is_dry) as observed_count, 'illustrative' as status
    from {{ ref('int_park_dry_hour') }} as h
    left join (
        select point_id, month, count(*) as finding_count
        from {{ ref('fct_park_finding') }}
        group by point_id, month
    ) as f on h.point_id = f.point_id and h.month = f.month
    group by h.point_id, h.month
    union all
    select
        point_id, month, 'park_sewage_compliance_pct' as indicator_code, max(maturity) as maturity,
        cast(count(case when judgement = 'compliant' then 1 end) as bigint) as numerator,
        cast(count(case when judgement in ('compliant', 'exceedance') then 1 end) as bigint) as denominator,
        count(*) as expected_count, count(case when judgement in ('compliant', 'exceedance') then 1 end) as observed_count,
        {{ worst_status('status') }} as status
    from {{ ref('fct_park_day') }}
    where role = 'sewage' and rank_in_day = 1
    group by point_id, month
    union all
    select
        point_id, month, 'park_first_flush_share_pct' as indicator_code, 'preliminary' as maturity,
        cast(count(case when is_first_flush then 1 end) as bigint) as numerator, cast(count(first_flush_ratio) as bigint) as denominator,
        count(*) as expected_count, count(first_flush_ratio) as observed_count, 'illustrative' as status
    from {{ ref('fct_park_rain_event') }}
    group by point_id, month
),

located as (
    select m.*, d.town_code
    from measured as m
    inner join {{ ref('dim_point') }} as d on m.point_id = d.point_id and {{ in_force('m.month', 'd.') }}
),

{{ point_subjects('located', 'park_outlet') }}

{{ indicator_rows('told', "case when observed_count = 0 then null when denominator is null then cast(numerator as decimal(18, 6)) else cast(" ~ ratio('numerator * 100', 'denominator', 6) ~ " as decimal(18, 6)) end",
    'numerator', 'denominator', applicability="case when point_count = 0 then 'not_applicable' when observed_count = 0 then 'missing' else 'applies' end",
    reason="case when point_count = 0 then '本区域无园区排口监测点' when observed_count = 0 then '无可判定的数据' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 条未参加判定') end",
    maturity='maturity', policy_version="'园区排口监控规则 1'", status="coalesce(status, 'unverified')", subject_type='subject_type', subject='subject_id') }}
