-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- key parcels: cumulative to the period's end, by area; points: one year
{{ config(meta={'evidence': [
    {'parent': 'fct_soil_parcel', 'label_zh': '地块', 'when': "indicator_code = 'soil_key_parcel_safe_pct' and length(subject_id) > 6",
        'on': {'town_code': 'subject_id', 'is_counted': 'true', 'use_started_date <': 'period_end_date'}},
    {'parent': 'fct_soil_parcel', 'label_zh': '地块', 'when': "indicator_code = 'soil_key_parcel_safe_pct' and length(subject_id) = 6",
        'on': {'is_counted': 'true', 'use_started_date <': 'period_end_date'}},
    {'parent': 'fct_soil_point', 'label_zh': '土壤点位', 'when': "indicator_code = 'soil_point_below_screening_pct' and length(subject_id) > 6",
        'on': {'town_code': 'subject_id', 'year': 'cast(extract(year from period_start_date) as int)'}},
    {'parent': 'fct_soil_point', 'label_zh': '土壤点位', 'when': "indicator_code = 'soil_point_below_screening_pct' and length(subject_id) = 6",
        'on': {'year': 'cast(extract(year from period_start_date) as int)'}}]}) }}
with areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

periods as (
    {{ period_spine("(select min(cast(date_trunc('year', sampled_at) as date)) from " ~ ref('fct_soil_parcel') ~ ")") }}
),

parcels as (
    select
        p.period_type, p.period_start_date, a.area_code, 'soil_key_parcel_safe_pct' as indicator_code,
        count(f.parcel_code) as expected_count, count(f.is_safe) as observed_count,
        sum(case when f.is_safe then f.area_mu else 0 end) as met,
        sum(case when f.is_safe is not null then f.area_mu else 0 end) as evaluated,
        cast(2 as int) as maturity_rank, 'unverified' as status
    from periods as p
    cross join areas as a
    left join {{ ref('fct_soil_parcel') }} as f
        on f.is_counted and (a.area_type = 'district' or f.town_code = a.area_code) and f.use_started_date < p.period_end_date
    group by p.period_type, p.period_start_date, a.area_code
),

years as (
    select distinct year, cast(concat(cast(year as varchar), '-01-01') as date) as period_start_date from {{ ref('fct_soil_point') }}
),

points as (
    select
        'year' as period_type, y.period_start_date, a.area_code, 'soil_point_below_screening_pct' as indicator_code,
        count(f.point_id) as expected_count, count(f.class_no) as observed_count,
        cast(sum(case when f.class_no = 1 then 1 else 0 end) as decimal(18, 6)) as met,
        cast(count(f.class_no) as decimal(18, 6)) as evaluated,
        max(case f.maturity when 'certified' then 1 when 'reviewed' then 2 when 'preliminary' then 3 end) as maturity_rank,
        coalesce({{ worst_status('f.status') }}, 'unverified') as status
    from years as y
    cross join areas as a
    left join {{ ref('fct_soil_point') }} as f
        on y.year = f.year and (a.area_type = 'district' or f.town_code = a.area_code)
    group by y.period_start_date, a.area_code
),

told as (
    select * from parcels
    union all
    select * from points
)

{{ indicator_rows('told', "case when evaluated > 0 then cast(" ~ ratio('met * 100', 'evaluated', 6) ~ " as decimal(18, 6)) end",
    numerator='met', denominator='evaluated',
    applicability="case when expected_count = 0 then 'not_applicable' when observed_count = 0 then 'missing' else 'applies' end",
    reason="case when expected_count = 0 then '本区域截至本期无应计的地块或点位' when observed_count = 0 then '无可评价的地块或点位' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 个未评价') end",
    maturity="case when observed_count > 0 then case maturity_rank when 1 then 'certified' when 2 then 'reviewed' else 'preliminary' end end",
    policy_version="'GB 15618-2018；GB 36600-2018'", status='status') }}
