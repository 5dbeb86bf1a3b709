-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- wells in force in the quarter; a well without a class stays in expected_count and leaves the denominator
{{ config(meta={'evidence': [
    {'parent': 'fct_groundwater_class', 'label_zh': '井类别', 'when': "indicator_code = 'groundwater_class_1_4_share_pct' and length(subject_id) > 6",
        'on': {'town_code': 'subject_id', 'period_start_date': 'period_start_date'}},
    {'parent': 'fct_groundwater_class', 'label_zh': '井类别', 'when': "indicator_code = 'groundwater_class_1_4_share_pct' and length(subject_id) = 6",
        'on': {'period_start_date': 'period_start_date'}},
    {'parent': 'fct_groundwater_trend', 'label_zh': '趋势', 'when': "indicator_code = 'groundwater_rising_well_count'",
        'on': {'period_start_date': 'period_start_date'}},
    {'parent': 'fct_groundwater_class', 'label_zh': '井', 'when': "indicator_code = 'groundwater_rising_well_count'",
        'on': {'period_start_date': 'period_start_date'}}]}) }}
with areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

quarters as (
    select distinct period_start_date from {{ ref('fct_groundwater_class') }}
    where period_start_date <= {{ date_of(as_of()) }}
),

wells as (
    select distinct q.period_start_date, w.point_id, w.town_code
    from quarters as q
    inner join {{ ref('dim_groundwater_well') }} as w
        on (w.valid_from is null or w.valid_from < {{ period_end('q.period_start_date', 'quarter') }})
        and (w.valid_to is null or w.valid_to > q.period_start_date)
),

judged as (
    select
        w.period_start_date, w.point_id, w.town_code, c.grade, c.maturity, c.status,
        t.tested_count, t.rising_count, g.value as class_1_4_max_grade
    from wells as w
    left join {{ ref('fct_groundwater_class') }} as c
        on w.point_id = c.point_id and w.period_start_date = c.period_start_date
    left join (
        select
            point_id, period_start_date, sum(case when trend_code <> 'insufficient' then 1 else 0 end) as tested_count,
            sum(case when trend_code = 'rising' then 1 else 0 end) as rising_count
        from {{ ref('fct_groundwater_trend') }}
        where series_code not in ('water_level', 'w01001')
        group by point_id, period_start_date
    ) as t on w.point_id = t.point_id and w.period_start_date = t.period_start_date
    left join {{ ref('groundwater_rule') }} as g
        on g.rule = 'class_1_4_max_grade' and {{ in_force('w.period_start_date', 'g.') }}
),

told as (
    select
        'quarter' as period_type, q.period_start_date, a.area_code, 'groundwater_class_1_4_share_pct' as indicator_code,
        count(j.point_id) as expected_count, count(j.grade) as observed_count,
        cast(sum(case when j.grade <= j.class_1_4_max_grade then 1 else 0 end) as decimal(18, 6)) as met,
        max(case j.maturity when 'certified' then 1 when 'reviewed' then 2 when 'preliminary' then 3 end) as maturity_rank,
        'unverified' as status
    from quarters as q
    cross join areas as a
    left join judged as j
        on q.period_start_date = j.period_start_date and (a.area_type = 'district' or j.town_code = a.area_code)
    group by q.period_start_date, a.area_code
    union all
    select
        'quarter' as period_type, q.period_start_date, a.area_code, 'groundwater_rising_well_count' as indicator_code,
        count(j.point_id) as expected_count, sum(case when j.tested_count > 0 then 1 else 0 end) as observed_count,
        cast(sum(case when j.rising_count > 0 then 1 else 0 end) as decimal(18, 6)) as met,
        max(case j.maturity when 'certified' then 1 when 'reviewed' then 2 when 'preliminary' then 3 end) as maturity_rank,
        'illustrative' as status
    from quarters as q
    cross join areas as a
    left join judged as j
        on q.period_start_date = j.period_start_date and (a.area_type = 'district' or j.town_code = a.area_code)
    group by q.period_start_date, a.area_code
)

{{ indicator_rows('told', "case when indicator_code = 'groundwater_rising_well_count' and (observed_count > 0 or expected_count = 0) then met when observed_count > 0 and indicator_code = 'groundwater_class_1_4_share_pct' then cast(" ~ ratio('met * 100', 'observed_count', 6) ~ " as decimal(18, 6)) end",
    numerator='met', denominator="case when indicator_code = 'groundwater_class_1_4_share_pct' then observed_count end",
    applicability="case when expected_count = 0 and indicator_code = 'groundwater_class_1_4_share_pct' then 'not_applicable' when observed_count = 0 and expected_count > 0 then 'missing' else 'applies' end",
    reason="case when expected_count = 0 then '本区域无监测井' when observed_count = 0 then '本期各井均无可用的季度值' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 口井本期未评价或季度值不足') end",
    maturity="case when observed_count > 0 then case maturity_rank when 1 then 'certified' when 2 then 'reviewed' else 'preliminary' end end",
    policy_version="'GB/T 14848-2017'", status='status') }}
