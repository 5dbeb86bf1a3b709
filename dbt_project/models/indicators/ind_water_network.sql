-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- indices of sections and lakes, loads of tributaries (subjects are points), water function zones of an area
{{ config(meta={'evidence': [
    {'parent': 'fct_water_cwqi', 'label_zh': '水质指数', 'when': "indicator_code = 'water_cwqi'", 'on': {'point_id': 'subject_id',
        'period_type': 'period_type', 'period_start_date': 'period_start_date', 'basis': 'basis'}},
    {'parent': 'fct_water_tli', 'label_zh': '营养状态指数', 'when': "indicator_code = 'water_tli'", 'on': {'subject_type': "'point'",
        'subject_id': 'subject_id', 'period_type': 'period_type', 'period_start_date': 'period_start_date'}},
    {'parent': 'fct_water_load_period', 'label_zh': '支流负荷', 'when': "indicator_code = 'water_tributary_load_t'",
        'on': {'point_id': 'subject_id', 'period_type': 'period_type', 'period_start_date': 'period_start_date',
            'factor_code': 'basis'}},
    {'parent': 'fct_water_section_class', 'label_zh': '断面类别', 'when': "indicator_code = 'water_zone_met_share_pct'",
        'on': {'period_type': 'period_type', 'period_start_date': 'period_start_date', 'network': "'district'"}}]}) }}
with maturity_order as (
    {{ maturity_priority() }}
),

zones as (
    select
        p.zone_code, p.town_code, c.period_type, c.period_start_date, count(*) as section_count, count(c.is_target_met) as judged_count,
        sum(case when not c.is_target_met then 1 else 0 end) as unmet_count, max(coalesce(m.priority, 99)) as priority
    from {{ ref('fct_water_section_class') }} as c
    inner join {{ ref('dim_point') }} as p on c.point_id = p.point_id and {{ in_force('c.period_start_date', 'p.') }}
    left join maturity_order as m on c.maturity = m.maturity
    where c.network = 'district' and p.zone_code is not null and c.period_type <> 'day'
    group by p.zone_code, p.town_code, c.period_type, c.period_start_date
),

zone_areas as (
    select town_code as area_code, zone_code, period_type, period_start_date, section_count, judged_count, unmet_count, priority
    from zones
    union all
    select
        a.parent_code, z.zone_code, z.period_type, z.period_start_date, sum(z.section_count), sum(z.judged_count),
        sum(z.unmet_count), max(z.priority)
    from zones as z
    inner join {{ ref('dim_area') }} as a on z.town_code = a.area_code and a.area_type = 'town'
    group by a.parent_code, z.zone_code, z.period_type, z.period_start_date
),

zone_shares as (
    select
        'area' as subject_type, area_code as subject_id, 'water_zone_met_share_pct' as indicator_code, period_type, period_start_date,
        'default' as basis,
        cast({{ ratio('sum(case when judged_count > 0 and unmet_count = 0 then 1 else 0 end) * 100',
            'sum(case when judged_count > 0 then 1 else 0 end)', 6) }} as decimal(18, 6)) as value,
        sum(case when judged_count > 0 and unmet_count = 0 then 1 else 0 end) as numerator,
        sum(case when judged_count > 0 then 1 else 0 end) as denominator,
        count(*) as expected_count, sum(case when judged_count > 0 then 1 else 0 end) as observed_count,
        max(priority) as priority,
        case when sum(case when judged_count > 0 then 1 else 0 end) = 0 then '无有效断面数据' end as reason_zh,
        'GB 3838-2002；环办〔2011〕22号' as policy_version, 'unverified' as status
    from zone_areas
    group by area_code, period_type, period_start_date
),

told as (
    select
        z.subject_type, z.subject_id, z.indicator_code, z.period_type, z.period_start_date, z.basis, z.value, z.numerator,
        z.denominator, z.expected_count, z.observed_count, m.maturity, z.reason_zh, z.policy_version, z.status
    from zone_shares as z
    left join maturity_order as m on z.priority = m.priority
    union all
    select
        'point', point_id, 'water_cwqi', period_type, period_start_date, basis, cwqi as value, cwqi as numerator,
        cast(null as decimal(18, 6)), required_item_count, item_count, maturity, reason_zh, '城市地表水环境质量排名技术规定（试行）2017', status
    from {{ ref('fct_water_cwqi') }}
    union all
    select
        'point', subject_id, 'water_tli', period_type, period_start_date, 'default', tli as value, tli as numerator,
        cast(null as decimal(18, 6)), required_item_count, item_count, maturity, reason_zh, concat('营养状态指数 ', version), status
    from {{ ref('fct_water_tli') }}
    where subject_type = 'point'
    union all
    select
        'point', point_id, 'water_tributary_load_t', period_type, period_start_date, factor_code, load_t, observed_load_t,
        cast(null as decimal(18, 6)), expected_slot_count, slot_count, maturity, reason_zh, '本项目约定', 'illustrative'
    from {{ ref('fct_water_load_period') }}
)

{{ indicator_rows('told', 'value', numerator='numerator', denominator='denominator',
    applicability="case when value is null then 'missing' else 'applies' end", reason='reason_zh', maturity='maturity',
    policy_version='policy_version', status='status', basis='basis', subject_type='subject_type', subject='subject_id') }}
