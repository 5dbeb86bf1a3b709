-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- point-times of functional zones that comply (HJ 640): a station's day, or its night, is one point-time and counts in the
-- period of noise_date; basis zone_<code> is one zone, default all. Complaints count by the time of registration.
{{ config(meta={'evidence': [
    {'parent': 'fct_noise_period', 'label_zh': '站点昼夜等效声级', 'when': "subject_type = 'point' and indicator_code like '%compliance_pct'",
        'on': {'point_id': 'subject_id', 'noise_date >=': 'period_start_date', 'noise_date <': 'period_end_date',
            'period_kind': "case when indicator_code like 'noise_day%' then 'day' else 'night' end"}},
    {'parent': 'fct_noise_period', 'label_zh': '站点昼夜等效声级', 'when': "subject_type = 'area' and length(subject_id) > 6 and indicator_code like '%compliance_pct'",
        'on': {'town_code': 'subject_id', 'noise_date >=': 'period_start_date', 'noise_date <': 'period_end_date',
            'period_kind': "case when indicator_code like 'noise_day%' then 'day' else 'night' end"}},
    {'parent': 'fct_noise_period', 'label_zh': '站点昼夜等效声级', 'when': "subject_type = 'area' and length(subject_id) = 6 and indicator_code like '%compliance_pct'",
        'on': {'noise_date >=': 'period_start_date', 'noise_date <': 'period_end_date',
            'period_kind': "case when indicator_code like 'noise_day%' then 'day' else 'night' end"}},
    {'parent': 'fct_noise_complaint', 'label_zh': '噪声投诉', 'when': "subject_type = 'area' and length(subject_id) > 6 and indicator_code like 'noise_complaint%'",
        'on': {'town_code': 'subject_id', 'received_at >=': 'cast(period_start_date as timestamp)', 'received_at <': 'cast(period_end_date as timestamp)'}},
    {'parent': 'fct_noise_complaint', 'label_zh': '噪声投诉', 'when': "subject_type = 'area' and length(subject_id) = 6 and indicator_code like 'noise_complaint%'",
        'on': {'received_at >=': 'cast(period_start_date as timestamp)', 'received_at <': 'cast(period_end_date as timestamp)'}}]}) }}
with areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

subjects as (
    select 'area' as subject_type, area_code as subject_id from areas
    union all
    select distinct 'point' as subject_type, point_id as subject_id from {{ ref('dim_point') }} where medium = 'noise'
),

judged as (
    select
        'point' as subject_type, point_id as subject_id, noise_date, period_kind, zone_code, is_compliant, maturity, status
    from {{ ref('fct_noise_period') }}
    union all
    select
        'area' as subject_type, a.area_code as subject_id, p.noise_date, p.period_kind, p.zone_code, p.is_compliant,
        p.maturity, p.status
    from {{ ref('fct_noise_period') }} as p
    inner join areas as a on a.area_type = 'district' or p.town_code = a.area_code
),

by_basis as (
    select 'default' as basis, subject_type, subject_id, noise_date, period_kind, is_compliant, maturity, status from judged
    union all
    select
        concat('zone_', zone_code) as basis, subject_type, subject_id, noise_date, period_kind, is_compliant, maturity, status
    from judged
    where zone_code is not null and subject_type = 'area'
),

counted as (
    {% for period_type in ['month', 'quarter', 'year'] %}
    select
        '{{ period_type }}' as period_type, {{ period_start('noise_date', period_type) }} as period_start_date, basis,
        subject_type, subject_id, period_kind, count(*) as expected_count, count(is_compliant) as observed_count,
        sum(case when is_compliant then 1 else 0 end) as met_count,
        max(case when is_compliant is not null then case maturity when 'certified' then 1 when 'reviewed' then 2 else 3 end end)
            as maturity_rank,
        {{ worst_status('status') }} as status
    from by_basis
    group by {{ period_start('noise_date', period_type) }}, basis, subject_type, subject_id, period_kind
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

spine as (
    select distinct c.period_type, c.period_start_date, c.period_kind, s.subject_type, s.subject_id, 'default' as basis
    from counted as c
    cross join subjects as s
    union
    select distinct period_type, period_start_date, period_kind, subject_type, subject_id, basis from counted
),

shares as (
    select
        s.subject_type, s.subject_id, s.period_type, s.period_start_date, s.basis,
        case s.period_kind when 'day' then 'noise_day_compliance_pct' else 'noise_night_compliance_pct' end as indicator_code,
        coalesce(c.expected_count, 0) as expected_count, coalesce(c.observed_count, 0) as observed_count,
        coalesce(c.met_count, 0) as met_count, c.maturity_rank, coalesce(c.status, 'unverified') as status
    from spine as s
    left join counted as c
        on s.period_type = c.period_type and s.period_start_date = c.period_start_date and s.period_kind = c.period_kind
        and s.subject_type = c.subject_type and s.subject_id = c.subject_id and s.basis = c.basis
),

complaint_spine as (
    {{ period_spine("(select min(cast(month as date)) from " ~ ref('fct_noise_complaint') ~ ")") }}
),

complaints as (
    select
        a.area_code, p.period_type, p.period_start_date,
        count(c.case_id) as complaint_count,
        sum(case when c.permit_check in ('outside_window', 'revoked') then 1 else 0 end) as unpermitted_count,
        sum(case when c.permit_check = 'in_window' then 1 else 0 end) as permitted_count
    from areas as a
    cross join complaint_spine as p
    left join {{ ref('fct_noise_complaint') }} as c
        on (a.area_type = 'district' or c.town_code = a.area_code)
        and c.town_code is not null
        and c.received_at >= cast(p.period_start_date as timestamp) and c.received_at < cast(p.period_end_date as timestamp)
    group by a.area_code, p.period_type, p.period_start_date
),

complaint_rows as (
    select
        area_code, period_type, period_start_date, 'noise_complaint_count' as indicator_code, complaint_count as value,
        complaint_count as expected_count, complaint_count as observed_count,
        case when permitted_count > 0 then concat('其中 ', cast(permitted_count as varchar), ' 件登记时刻在夜间施工许可时段内') end as reason_zh,
        'verified' as status
    from complaints
    union all
    select
        area_code, period_type, period_start_date, 'noise_complaint_unpermitted_count' as indicator_code,
        unpermitted_count as value, complaint_count as expected_count, complaint_count as observed_count,
        cast(null as varchar) as reason_zh, 'unverified' as status
    from complaints
)

{{ indicator_rows('shares', "case when observed_count > 0 then cast(" ~ ratio('met_count * 100', 'observed_count', 6) ~ " as decimal(18, 6)) end",
    numerator='met_count', denominator='observed_count',
    applicability="case when expected_count = 0 then 'not_applicable' when observed_count = 0 then 'missing' else 'applies' end",
    reason="case when expected_count = 0 then '本期无功能区监测点次' when observed_count = 0 then '无可评价的点次' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 个点次未评价') end",
    maturity="case maturity_rank when 1 then 'certified' when 2 then 'reviewed' when 3 then 'preliminary' end",
    policy_version="'GB 3096-2008；HJ 640-2012'", status='status', basis='basis', subject_type='subject_type',
    subject='subject_id') }}
union all
{{ indicator_rows('complaint_rows', "value", numerator='value', denominator="cast(null as decimal(18, 6))",
    applicability="'applies'", reason="reason_zh", maturity="'reviewed'", policy_version="cast(null as varchar)",
    status='status', input_basis="'部门核定'") }}
