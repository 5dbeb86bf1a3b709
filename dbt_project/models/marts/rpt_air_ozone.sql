-- grain: subject_id × period_type × period × basis
-- Ozone of an area: P90, days over the limit, and in which company the hours of its points' highest ozone stood on days over the
-- limit and on the others (rule in force). The means of the company are over point-days of one maturity.
with cells as (
    select
        subject_id, period_type, period, period_start_date, period_end_date, basis, maturity,
        max(case when indicator_code = 'air_o3_p90_ug_m3' then value end) as air_o3_p90_ug_m3,
        max(case when indicator_code = 'air_o3_exceedance_day_count' then value end) as air_o3_exceedance_day_count,
        max(case when indicator_code = 'air_o3_exceedance_day_count' then observed_count end) as observed_count,
        max(case when indicator_code = 'air_o3_p90_ug_m3' then expected_count end) as expected_count,
        max(case when indicator_code = 'air_o3_p90_ug_m3' then reason_zh end) as reason_zh,
        max(case when indicator_code = 'air_o3_p90_ug_m3' then policy_version end) as policy_version,
        {{ worst_status('status') }} as status
    from {{ ref('ind_air') }}
    where indicator_code in ('air_o3_p90_ug_m3', 'air_o3_exceedance_day_count') and basis in ('default', 'regime_2012', 'regime_2026')
    group by subject_id, period_type, period, period_start_date, period_end_date, basis, maturity
),

company as (
    select
        c.subject_id, c.period_type, c.period, c.maturity,
        max(o.o3_max_8h_ug_m3) as highest_o3_8h_ug_m3,
        count(case when o.is_exceedance then 1 end) as exceedance_point_day_count,
        {{ mean('case when o.is_exceedance then o.no2_at_peak_ug_m3 end', 6) }} as no2_at_peak_over_ug_m3,
        {{ mean('case when not o.is_exceedance then o.no2_at_peak_ug_m3 end', 6) }} as no2_at_peak_other_ug_m3,
        {{ mean('case when o.is_exceedance then o.temperature_at_peak_deg_c end', 6) }} as temperature_at_peak_over_deg_c,
        count(case when o.is_exceedance then o.temperature_at_peak_deg_c end) as temperature_count
    from (
        select distinct subject_id, period_type, period, period_start_date, period_end_date, maturity from cells
    ) as c
    inner join {{ ref('int_air_area_point') }} as m on c.subject_id = m.area_code
    inner join {{ ref('fct_air_ozone_day') }} as o
        on
            m.point_id = o.point_id and {{ in_force('o.air_date', 'm.') }} and o.maturity = c.maturity
            and o.air_date >= c.period_start_date and o.air_date < c.period_end_date
    group by c.subject_id, c.period_type, c.period, c.maturity
)

select
    'air_o3_p90_ug_m3' as indicator_code,
    c.subject_id,
    a.name_zh as area_name_zh,
    a.area_type,
    c.period_type,
    c.period,
    c.basis,
    c.air_o3_p90_ug_m3,
    c.air_o3_exceedance_day_count,
    c.expected_count,
    coalesce(c.observed_count, 0) as observed_count,
    k.highest_o3_8h_ug_m3,
    coalesce(k.exceedance_point_day_count, 0) as exceedance_point_day_count,
    cast(k.no2_at_peak_over_ug_m3 as decimal(18, 6)) as no2_at_peak_over_ug_m3,
    cast(k.no2_at_peak_other_ug_m3 as decimal(18, 6)) as no2_at_peak_other_ug_m3,
    cast(k.temperature_at_peak_over_deg_c as decimal(18, 6)) as temperature_at_peak_over_deg_c,
    case
        when coalesce(k.exceedance_point_day_count, 0) = 0 then '本时段没有超标的点位日'
        when k.temperature_count < k.exceedance_point_day_count
            then concat('气温：超标的 ', cast(k.exceedance_point_day_count as varchar), ' 个点位日中 ',
                cast(k.temperature_count as varchar), ' 个有同小时气温')
    end as context_zh,
    c.maturity,
    c.policy_version,
    c.reason_zh,
    c.status
from cells as c
inner join {{ ref('dim_area') }} as a on c.subject_id = a.area_code
left join company as k
    on c.subject_id = k.subject_id and c.period_type = k.period_type and c.period = k.period and c.maturity = k.maturity
