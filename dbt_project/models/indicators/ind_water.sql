-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- sections of the district's own network; above the town a shared section counts once, by its name
{{ config(meta={'evidence': [
    {'parent': 'fct_water_section_class', 'label_zh': '断面类别', 'when': 'length(subject_id) = 9',
        'on': {'period_type': 'period_type', 'period_start_date': 'period_start_date', 'network': "'district'",
            'town_code': 'subject_id'}},
    {'parent': 'fct_water_section_class', 'label_zh': '断面类别', 'when': 'length(subject_id) = 6',
        'on': {'period_type': 'period_type', 'period_start_date': 'period_start_date', 'network': "'district'"}}]}) }}
with periods as (
    select distinct period_type, period_start_date
    from {{ ref('fct_water_section_class') }}
    where network = 'district' and period_type in ('month', 'quarter', 'year')
        and period_start_date <= {{ date_of(as_of()) }}
),

areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

sections as (
    select distinct
        p.period_type, p.period_start_date, a.area_code,
        case when a.area_type = 'district' and s.is_shared then s.section_name else s.point_id end as section_key,
        s.point_id, s.target_grade, r.is_in_class_share, r.is_outbound
    from periods as p
    cross join areas as a
    inner join {{ ref('dim_water_section') }} as s
        on s.network = 'district' and (a.area_type = 'district' or s.town_code = a.area_code)
        and {{ in_force('p.period_start_date', 's.') }}
    inner join {{ ref('water_section_role') }} as r on s.role = r.role
),

judged as (
    select
        s.period_type, s.period_start_date, s.area_code, s.section_key,
        max(c.grade) as grade, max(s.target_grade) as target_grade,
        max(case when s.is_in_class_share then 1 else 0 end) as in_share, max(case when s.is_outbound then 1 else 0 end) as outbound,
        max(case when c.grade is not null then case c.maturity when 'certified' then 1 when 'reviewed' then 2 else 3 end end) as maturity_rank
    from sections as s
    left join {{ ref('fct_water_section_class') }} as c
        on s.point_id = c.point_id and s.period_type = c.period_type and s.period_start_date = c.period_start_date
    group by s.period_type, s.period_start_date, s.area_code, s.section_key
),

measures as (
    select
        j.period_type, j.period_start_date, j.area_code, m.indicator_code, j.section_key, j.grade, j.maturity_rank,
        case
            when m.indicator_code = 'water_target_met_share_pct' then j.grade <= j.target_grade
            else j.grade <= g.value
        end as is_met
    from judged as j
    inner join (
        select 'water_class_1_3_share_pct' as indicator_code
        union all select 'water_outbound_class_1_3_share_pct'
        union all select 'water_target_met_share_pct'
    ) as m
        on (m.indicator_code = 'water_class_1_3_share_pct' and j.in_share = 1)
        or (m.indicator_code = 'water_outbound_class_1_3_share_pct' and j.outbound = 1)
        or (m.indicator_code = 'water_target_met_share_pct' and j.in_share = 1 and j.target_grade is not null)
    left join {{ ref('water_rule') }} as g
        on g.rule = 'class_1_3_max_grade' and {{ in_force('j.period_start_date', 'g.') }}
),

counted as (
    select
        period_type, period_start_date, area_code, indicator_code, count(*) as expected_count,
        count(grade) as observed_count, sum(case when is_met then 1 else 0 end) as met_count,
        max(maturity_rank) as maturity_rank
    from measures
    group by period_type, period_start_date, area_code, indicator_code
),

told as (
    select
        p.period_type, p.period_start_date, a.area_code, i.indicator_code,
        coalesce(c.expected_count, 0) as expected_count, coalesce(c.observed_count, 0) as observed_count,
        coalesce(c.met_count, 0) as met_count, c.maturity_rank
    from periods as p
    cross join areas as a
    cross join (
        select indicator_code from {{ ref('indicator') }}
        where indicator_code in
            ('water_class_1_3_share_pct', 'water_outbound_class_1_3_share_pct', 'water_target_met_share_pct')
    ) as i
    left join counted as c
        on p.period_type = c.period_type and p.period_start_date = c.period_start_date
        and a.area_code = c.area_code and i.indicator_code = c.indicator_code
)

{{ indicator_rows('told', "case when observed_count > 0 then cast(" ~ ratio('met_count * 100', 'observed_count', 6) ~ " as decimal(18, 6)) end",
    numerator='met_count', denominator='observed_count',
    applicability="case when expected_count = 0 then 'not_applicable' when observed_count = 0 then 'missing' else 'applies' end",
    reason="case when expected_count = 0 then '本区域无此类断面' when observed_count = 0 then '无有效断面数据' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 个断面缺有效数据') end",
    maturity="case maturity_rank when 1 then 'certified' when 2 then 'reviewed' when 3 then 'preliminary' end",
    policy_version="'GB 3838-2002；环办〔2011〕22号'", status="'unverified'") }}
