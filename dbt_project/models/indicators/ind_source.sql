-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- hours and days belong to the month of their interval; the town is the site's; the district is the sum of its towns
{% set of_area = {
    'site_code in': "(select string_agg(s.site_code, ',') from build.dim_site s where s.town_code = r.subject_id or length(r.subject_id) = 6)",
    'month >=': 'period_start_date', 'month <': 'period_end_date'} -%}
{{ config(meta={'evidence': [
    {'parent': 'fct_source_hour_judgement', 'label_zh': '废气小时判定',
        'on': dict(of_area, **{'medium': "'gas'", 'compliance_statistic in': "'hourly_mean,single_value,none'"}),
        'when': "indicator_code in ('source_gas_exceedance_hour_count', 'source_compliance_pct')"},
    {'parent': 'fct_source_day_judgement', 'label_zh': '废水日判定', 'on': dict(of_area, **{'medium': "'wastewater'"}),
        'when': "indicator_code in ('source_water_exceedance_day_count', 'source_compliance_pct')"},
    {'parent': 'fct_source_transmission_month', 'label_zh': '有效传输率', 'on': of_area,
        'when': "indicator_code = 'source_effective_transmission_pct'"},
    {'parent': 'fct_source_discharge_month', 'label_zh': '排口月排放量', 'on': dict(of_area, **{'factor_code': 'basis'}),
        'when': "indicator_code = 'source_monitored_discharge_t'"}]}) }}
with areas as (
    select area_code, area_type from {{ ref('dim_area') }} where area_type in ('town', 'district')
),

judged as (
    select
        site_code, month, medium,
        sum(case when judgement in ('compliant', 'exceedance') then 1 else 0 end) as judged_count,
        sum(case when judgement = 'exceedance' then 1 else 0 end) as exceedance_count,
        count(*) as row_count
    from {{ ref('fct_source_hour_judgement') }}
    where medium = 'gas' and compliance_statistic in ('hourly_mean', 'single_value', 'none')
    group by site_code, month, medium
    union all
    select
        site_code, month, medium,
        sum(case when judgement in ('compliant', 'exceedance') then 1 else 0 end),
        sum(case when judgement = 'exceedance' then 1 else 0 end),
        count(*)
    from {{ ref('fct_source_day_judgement') }}
    where medium = 'wastewater'
    group by site_code, month, medium
),

sent as (
    select
        site_code, month, sum(due_hours) as due_hours,
        sum(case when received_hours > due_hours then due_hours else received_hours end) as received_hours,
        sum(valid_due_hours) as valid_due_hours,
        sum(case when valid_hours > valid_due_hours then valid_due_hours else valid_hours end) as valid_hours
    from {{ ref('fct_source_transmission_month') }}
    group by site_code, month
),

-- numerator, denominator and counts of each indicator by site and month; sums over sites and months follow
measured as (
    select site_code, month, 'source_gas_exceedance_hour_count' as indicator_code, 'default' as basis,
        cast(exceedance_count as decimal(38, 6)) as numerator, cast(null as decimal(38, 6)) as denominator,
        cast(0 as decimal(38, 6)) as second_numerator, cast(0 as decimal(38, 6)) as second_denominator,
        row_count as expected_count, judged_count as observed_count
    from judged where medium = 'gas'
    union all
    select site_code, month, 'source_water_exceedance_day_count', 'default', cast(exceedance_count as decimal(38, 6)),
        cast(null as decimal(38, 6)), cast(0 as decimal(38, 6)), cast(0 as decimal(38, 6)), row_count, judged_count
    from judged where medium = 'wastewater'
    union all
    select site_code, month, 'source_compliance_pct', 'default', cast(judged_count - exceedance_count as decimal(38, 6)),
        cast(judged_count as decimal(38, 6)), cast(0 as decimal(38, 6)), cast(0 as decimal(38, 6)), row_count, judged_count
    from judged
    union all
    select site_code, month, 'source_effective_transmission_pct', 'default', cast(received_hours as decimal(38, 6)),
        cast(due_hours as decimal(38, 6)), cast(valid_hours as decimal(38, 6)), cast(valid_due_hours as decimal(38, 6)),
        due_hours, received_hours
    from sent
    union all
    select site_code, month, 'source_monitored_discharge_t', factor_code, cast(discharge_t as decimal(38, 6)),
        cast(null as decimal(38, 6)), cast(0 as decimal(38, 6)), cast(0 as decimal(38, 6)), hour_count, told_hour_count
    from {{ ref('fct_source_discharge_month') }}
),

summed as (
    {% for period_type in ['month', 'quarter', 'year'] %}
    select
        '{{ period_type }}' as period_type, {{ period_start('m.month', period_type) }} as period_start_date, a.area_code,
        m.indicator_code, m.basis, sum(m.numerator) as numerator, sum(m.denominator) as denominator,
        sum(m.second_numerator) as second_numerator, sum(m.second_denominator) as second_denominator,
        sum(m.expected_count) as expected_count, sum(m.observed_count) as observed_count
    from measured as m
    inner join {{ ref('dim_site') }} as s on m.site_code = s.site_code
    inner join areas as a on a.area_type = 'district' or s.town_code = a.area_code
    group by {{ period_start('m.month', period_type) }}, a.area_code, m.indicator_code, m.basis
    {{ "union all" if not loop.last }}
    {% endfor %}
),

subjects as (
    select p.period_type, p.period_start_date, a.area_code, p.indicator_code, p.basis
    from (select distinct period_type, period_start_date, indicator_code, basis from summed) as p
    cross join areas as a
),

held as (
    select distinct a.area_code, o.medium
    from areas as a
    inner join {{ ref('dim_site') }} as s on a.area_type = 'district' or s.town_code = a.area_code
    inner join {{ ref('dim_outlet') }} as o on s.site_code = o.site_code
    where o.mn is not null or o.outlet_id in (select outlet_id from {{ ref('int_source_hour') }})
),

told as (
    select
        j.period_type, j.period_start_date, j.area_code, j.indicator_code, j.basis,
        coalesce(s.expected_count, 0) as expected_count, coalesce(s.observed_count, 0) as observed_count, s.numerator,
        s.denominator, s.second_numerator, s.second_denominator,
        coalesce(h.outlet_media, 0) > 0
            and (j.indicator_code <> 'source_monitored_discharge_t' or s.area_code is not null) as has_outlet
    from subjects as j
    left join summed as s
        on j.period_type = s.period_type and j.period_start_date = s.period_start_date and j.area_code = s.area_code
        and j.indicator_code = s.indicator_code and j.basis = s.basis
    left join (
        select
            h.area_code, i.indicator_code, count(*) as outlet_media
        from held as h
        inner join {{ ref('indicator') }} as i
            on i.family = 'source'
            and (i.indicator_code <> 'source_gas_exceedance_hour_count' or h.medium = 'gas')
            and (i.indicator_code <> 'source_water_exceedance_day_count' or h.medium = 'wastewater')
        group by h.area_code, i.indicator_code
    ) as h on j.area_code = h.area_code and j.indicator_code = h.indicator_code
),

valued as (
    select
        t.*,
        case
            when indicator_code = 'source_compliance_pct' then cast({{ ratio('numerator * 100', 'denominator', 6) }} as decimal(18, 6))
            when indicator_code = 'source_effective_transmission_pct' and second_denominator = 0 and denominator > 0 then 0
            when indicator_code = 'source_effective_transmission_pct' then cast({{ ratio(
                mul(ratio('numerator * 100', 'denominator', 6), ratio('second_numerator', 'second_denominator', 6), 12), '1', 6, 12) }} as decimal(18, 6))
            when observed_count > 0 then cast(numerator as decimal(18, 6))
        end as indicator_value
    from told as t
)

{{ indicator_rows('valued', 'indicator_value',
    numerator="case when indicator_code = 'source_effective_transmission_pct' then second_numerator else numerator end",
    denominator="case when indicator_code = 'source_effective_transmission_pct' then denominator else denominator end",
    applicability="case when not has_outlet then 'not_applicable' when indicator_value is null then 'missing' else 'applies' end",
    reason="case when not has_outlet then '本区域无此类自动监控排口' when indicator_value is null then '无参加判定的数据' when observed_count < expected_count then concat(cast(expected_count - observed_count as varchar), ' 条未参加判定或缺失') end",
    maturity="'preliminary'", policy_version="'排污许可管理条例；HJ 75-2017'", status="'unverified'", basis='basis') }}
