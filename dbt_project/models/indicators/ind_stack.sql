-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- coverage: permitted factors with monitoring over permitted factors, outlet × factor × month; outlets, towns, the district
{%- set of_subject = {'outlet_id in': "case when subject_type = 'outlet' then subject_id else (select string_agg(distinct o.outlet_id, ',') from build.dim_outlet o join build.dim_site s on o.site_code = s.site_code where length(r.subject_id) = 6 or s.town_code = r.subject_id) end",
    'month >=': 'period_start_date', 'month <': 'period_end_date'} %}
{{ config(meta={'evidence': [{'parent': 'fct_stack_coverage', 'label_zh': '排口因子覆盖', 'on': of_subject}]}) }}
with located as (
    select
        c.outlet_id as point_id, s.town_code, c.month, 'stack_factor_coverage_pct' as indicator_code, b.basis, 'preliminary' as maturity,
        case when c.is_monitored then 1 else 0 end as numerator, 1 as denominator, cast(1 as bigint) as expected_count, cast(1 as bigint) as observed_count,
        c.status
    from {{ ref('fct_stack_coverage') }} as c
    inner join (select 'default' as basis union all select 'routine' as basis union all select 'characteristic' as basis) as b
        on b.basis in ('default', c.factor_group)
    left join {{ ref('dim_site') }} as s on c.site_code = s.site_code
    where c.is_permitted
),

{{ point_subjects('located', 'outlet', basis='basis') }}

{{ indicator_rows('told', "cast(" ~ ratio('numerator * 100', 'denominator', 6) ~ " as decimal(18, 6))", 'numerator', 'denominator',
    applicability="case when point_count = 0 then 'not_applicable' else 'applies' end",
    reason="case when point_count = 0 then '本区域无此类许可因子的废气排口' when numerator < denominator then concat(cast(cast(denominator - numerator as bigint) as varchar), ' 个许可因子（排口 × 因子 × 月）无监测') end",
    maturity='maturity', policy_version="'固定源覆盖规则 1'", status="coalesce(status, 'unverified')", basis='basis',
    subject_type="case when subject_type = 'point' then 'outlet' else subject_type end", subject='subject_id') }}
