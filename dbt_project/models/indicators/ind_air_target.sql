-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- What the rest of the year as_of stands in must bring for the year's targets. Days before as_of's day count as they are, within
-- the year's one maturity; every day from it on counts as valid. No target: withheld with the reason.
{{ config(meta={'evidence': [
    {'parent': 'int_air_judged_day', 'label_zh': '年内已有各日', 'on': {'subject_type': 'subject_type', 'subject_id': 'subject_id',
        'air_date >=': 'period_start_date', 'air_date <': date_of(as_of_in_config())}},
    {'parent': 'fct_air_period', 'label_zh': '本年度所取成熟度', 'on': {'subject_type': 'subject_type', 'subject_id': 'subject_id',
        'period_type': 'period_type', 'period': 'period', 'basis': 'basis'}}]}) }}
{%- set today = date_of(as_of()) %}
{%- set year_start = period_start(as_of(), 'year') %}
{%- set year_end = period_end(period_start(as_of(), 'year'), 'year') %}
with day_basis as (
    {{ air_day_basis() }}
),

targets as (
    select subject_id, indicator_code, target_value, scheme_mode, document_no, status
    from {{ ref('air_target') }}
    where scheme_mode = '{{ var("scheme_mode") }}' and period = {{ period_label(as_of(), 'year') }}
        and {{ in_force(today) }}
),

elapsed as (
    select
        d.subject_id, d.basis, d.maturity,
        count(case when d.is_valid then 1 end) as valid_days,
        count(case when d.is_valid and d.is_good then 1 end) as good_days,
        count(d.pm25_ug_m3) as pm25_days,
        coalesce(sum(d.pm25_ug_m3), 0) as pm25_sum,
        max(case when d.status <> 'verified' then 1 else 0 end) as unverified_days
    from day_basis as d
    inner join (
        select distinct subject_type, subject_id, period_type, period, basis, maturity from {{ ref('fct_air_period') }}
    ) as p
        on
            d.subject_type = p.subject_type and d.subject_id = p.subject_id and d.basis = p.basis
            and d.maturity = p.maturity and p.period_type = 'year' and p.period = {{ period_label(as_of(), 'year') }}
    where d.subject_type = 'area' and d.air_date >= {{ year_start }} and d.air_date < {{ today }}
        and d.rule_basis = 'default'
    group by d.subject_id, d.basis, d.maturity
),

asked as (
    select
        a.area_code as subject_id, b.basis, i.indicator_code, i.status as indicator_status,
        {{ days_between(today, year_end) }} as days_left,
        {{ days_between(year_start, today) }} as days_gone,
        t.target_value, t.document_no, t.status as target_status,
        e.maturity, e.valid_days, e.good_days, e.pm25_days, e.pm25_sum, e.subject_id is not null as has_data
    from {{ ref('dim_area') }} as a
    cross join (select distinct basis from day_basis where rule_basis = 'default') as b
    inner join {{ ref('dim_indicator') }} as i on i.family = 'air_target'
    left join targets as t
        on a.area_code = t.subject_id and t.indicator_code = case
            when i.indicator_code = 'air_pm25_allowed_mean_ug_m3' then 'air_pm25_mean_ug_m3' else 'air_good_day_share_pct' end
    left join elapsed as e on a.area_code = e.subject_id and b.basis = e.basis
    where a.area_type = 'district' and {{ in_force(today, 'a.') }}
),

worked as (
    select
        a.*,
        greatest(0, {{ ceil_exact(mul('a.target_value', '(a.valid_days + a.days_left)', 12), '100', 12) }} - a.good_days) as needed_days,
        {{ mul('a.target_value', '(a.pm25_days + a.days_left)', 12) }} - a.pm25_sum as pm25_left
    from asked as a
    where a.target_value is not null and a.has_data and a.days_left > 0
)

select
    'area' as subject_type,
    a.subject_id,
    a.indicator_code,
    'year' as period_type,
    {{ period_label(as_of(), 'year') }} as period,
    {{ year_start }} as period_start_date,
    {{ year_end }} as period_end_date,
    a.basis,
    case a.indicator_code
        when 'air_good_day_needed_count' then cast(w.needed_days as decimal(18, 6))
        when 'air_bad_day_left_count' then cast(w.days_left - w.needed_days as decimal(18, 6))
        else cast({{ ratio('w.pm25_left', 'w.days_left', 6, 12) }} as decimal(18, 6))
    end as value,
    case
        when a.indicator_code = 'air_pm25_allowed_mean_ug_m3' then cast(w.pm25_left as decimal(18, 6))
        else cast(a.good_days as decimal(18, 6))
    end as numerator,
    cast(a.days_left as decimal(18, 6)) as denominator,
    a.days_gone as expected_count,
    coalesce(case when a.indicator_code = 'air_pm25_allowed_mean_ug_m3' then a.pm25_days else a.valid_days end, 0) as observed_count,
    a.maturity,
    case when w.subject_id is null then 'missing' else 'applies' end as applicability,
    '监测认定' as input_basis,
    cast(null as varchar) as input_body,
    a.document_no as input_document,
    {{ period_label(as_of(), 'year') }} as input_period,
    false as is_carried_forward,
    cast(null as date) as carried_from_date,
    case
        when a.target_value is null then '没有目标值：未见下达的年度目标，不计算'
        when not a.has_data then '本年度没有监测数据'
        when a.days_left = 0 then '本年度已没有剩余天'
        when a.indicator_code <> 'air_pm25_allowed_mean_ug_m3' and w.needed_days > w.days_left
            then '剩余天全部优良也不能完成目标'
        when a.indicator_code = 'air_pm25_allowed_mean_ug_m3' and w.pm25_left < 0 then '剩余天浓度为零也不能完成目标'
    end as reason_zh,
    '{{ var("scheme_mode") }}' as policy_version,
    coalesce(a.target_status, a.indicator_status) as status
from asked as a
left join worked as w on a.subject_id = w.subject_id and a.basis = w.basis and a.indicator_code = w.indicator_code
