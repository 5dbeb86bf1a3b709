-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- outfalls straight into the sea: points, towns and the district; the basis of a load is its factor
{%- set of_subject = {'point_id in': "case when subject_type = 'point' then subject_id else (select string_agg(distinct i.point_id, ',') from build.fct_sea_outfall_inventory i where length(r.subject_id) = 6 or i.town_code = r.subject_id) end"} %}
{%- set of_month = dict(of_subject, **{'month >=': 'period_start_date', 'month <': 'period_end_date'}) %}
{{ config(meta={'evidence': [
    {'parent': 'fct_sea_outfall_month', 'label_zh': '口门月度', 'on': of_month, 'when': "indicator_code <> 'sea_outfall_gap_count'"},
    {'parent': 'fct_sea_outfall_inventory', 'label_zh': '清单', 'on': of_subject}]}) }}
with located as (
    select
        m.point_id, i.town_code, m.month, 'sea_outfall_compliance_pct' as indicator_code, 'default' as basis, m.maturity,
        cast(m.judged_count - m.exceedance_count as decimal(38, 6)) as numerator, cast(m.judged_count as decimal(38, 6)) as denominator,
        m.sample_count as expected_count, m.judged_count as observed_count, m.status
    from {{ ref('fct_sea_outfall_month') }} as m
    left join {{ ref('fct_sea_outfall_inventory') }} as i on m.point_id = i.point_id
    where m.rank_in_period = 1
    union all
    select
        m.point_id, i.town_code, m.month, 'sea_outfall_load_t' as indicator_code, m.factor_code as basis, m.maturity,
        cast(m.load_t as decimal(38, 6)) as numerator, cast(null as decimal(38, 6)) as denominator,
        cast(1 as bigint) as expected_count, cast(case when m.load_t is null then 0 else 1 end as bigint) as observed_count, m.status
    from {{ ref('fct_sea_outfall_month') }} as m
    left join {{ ref('fct_sea_outfall_inventory') }} as i on m.point_id = i.point_id
    where m.rank_in_period = 1
    union all
    select
        i.point_id, i.town_code, {{ month_of(as_of()) }} as month, 'sea_outfall_gap_count' as indicator_code, 'default' as basis, 'reviewed' as maturity,
        cast(case when i.gap_kind is not null then 1 else 0 end as decimal(38, 6)) as numerator, cast(null as decimal(38, 6)) as denominator,
        cast(1 as bigint) as expected_count, cast(1 as bigint) as observed_count, 'illustrative' as status
    from {{ ref('fct_sea_outfall_inventory') }} as i
),

{{ point_subjects('located', 'sea_outfall', basis='basis') }}

{{ indicator_rows('told', "case when observed_count = 0 or (denominator is null and observed_count < expected_count) then null when denominator is null then cast(numerator as decimal(18, 6)) else cast(" ~ ratio('numerator * 100', 'denominator', 6) ~ " as decimal(18, 6)) end",
    'numerator', 'denominator', applicability="case when point_count = 0 then 'not_applicable' when observed_count = 0 or (denominator is null and observed_count < expected_count) then 'missing' else 'applies' end",
    reason="case when point_count = 0 then '本区域无直排海口' when observed_count = 0 then '没有可判定的样品（缺标准或缺值）' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 个样次或口月未参加') end",
    maturity='maturity', policy_version="'直排海口规则 1'", status="coalesce(status, 'unverified')", basis='basis', subject_type='subject_type', subject='subject_id') }}
