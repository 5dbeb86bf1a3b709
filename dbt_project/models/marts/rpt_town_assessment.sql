-- grain: subject_id × period_type × period
-- all 16 towns in every period; month and quarter are progress, only the year is ranked
with schemes as (
    select * from {{ ref('scheme') }}
    where scheme_mode = '{{ var("scheme_mode") }}' and subject_type = 'town'
),

periods as (
    select distinct period_type, period, period_start_date, period_end_date
    from {{ ref('fct_indicator_value') }}
    where subject_type = 'area' and period_type in ('month', 'quarter', 'year')
),

towns as (
    select area_code, name_zh, valid_from, valid_to from {{ ref('dim_area') }}
    where area_type = 'town'
),

spine as (
    select
        t.area_code as subject_id, t.name_zh as town_name_zh, p.period_type, p.period, p.period_start_date,
        p.period_end_date, s.scheme_version, s.name_zh as scheme_name_zh, s.label_zh, s.status as scheme_status
    from towns as t
    cross join periods as p
    left join schemes as s on {{ in_force('p.period_start_date', 's.') }}
    where {{ in_force('p.period_start_date', 't.') }}
),

totals as (
    select * from {{ ref('fct_index_score') }}
    where index_code = 'town_green_assessment' and component_code = 'total'
),

printed as (
    select
        subject_id, period_type, period,
        max(case when indicator_code = 'air_good_day_count' then value end) as good_air_days,
        max(case when indicator_code = 'water_class_1_3_share_pct' then value end) as water_class_1_3_pct,
        max(case when indicator_code = 'complaint_handled_in_time_pct' then value end) as complaint_in_time_pct,
        max(case when indicator_code = 'permit_report_on_time_pct' then value end) as permit_report_on_time_pct
    from {{ ref('fct_indicator_value') }}
    where subject_type = 'area' and basis = 'default'
        and indicator_code in ('air_good_day_count', 'water_class_1_3_share_pct', 'complaint_handled_in_time_pct',
            'permit_report_on_time_pct')
    group by subject_id, period_type, period
)

select
    'town_green_assessment' as indicator_code,
    s.subject_id,
    s.town_name_zh,
    s.period_type,
    s.period,
    s.period_start_date,
    s.scheme_version,
    s.scheme_name_zh,
    g.group_code,
    g.group_name_zh,
    t.score,
    r.rank_in_group,
    l.score as score_last_year,
    rl.rank_in_group as rank_last_year,
    r.rank_min_10pct,
    r.rank_max_10pct,
    s.period_type <> 'year' as is_progress,
    coalesce(t.is_carried_forward, false) as is_carried_forward,
    t.carried_from_date,
    p.good_air_days,
    p.water_class_1_3_pct,
    p.complaint_in_time_pct,
    p.permit_report_on_time_pct,
    coalesce(t.status, s.scheme_status, 'unverified') as status,
    s.label_zh,
    t.withheld_reason_zh,
    concat(
        coalesce(s.label_zh, '无适用方案'),
        case when s.period_type <> 'year' then '；进度，不排名' else '' end,
        case
            when s.period_type = 'year' and s.period_end_date > {{ date_of(as_of()) }} then '；年度未结束，名次暂列'
            else ''
        end,
        case
            when t.is_carried_forward
                then concat('；有组成沿用上期（最近至 ', cast(t.carried_from_date as varchar), '）')
            else ''
        end,
        case when t.withheld_reason_zh is not null then concat('；未出分：', t.withheld_reason_zh) else '' end
    ) as note_zh
from spine as s
left join totals as t
    on
        s.subject_id = t.subject_id and s.period_type = t.period_type and s.period = t.period
        and s.scheme_version = t.scheme_version
left join totals as l
    on
        s.subject_id = l.subject_id and s.period_type = l.period_type and s.scheme_version = l.scheme_version
        and concat(cast(cast(substr(s.period, 1, 4) as int) - 1 as varchar), substr(s.period, 5)) = l.period
left join {{ ref('int_town_rank') }} as r
    on s.period_type = 'year' and s.subject_id = r.subject_id and s.period = r.period and s.scheme_version = r.scheme_version
left join {{ ref('int_town_rank') }} as rl
    on
        s.period_type = 'year' and s.subject_id = rl.subject_id and s.scheme_version = rl.scheme_version
        and cast(cast(substr(s.period, 1, 4) as int) - 1 as varchar) = rl.period
left join {{ ref('scheme_group') }} as g
    on s.scheme_version = g.scheme_version and s.subject_id = g.area_code and {{ in_force('s.period_start_date', 'g.') }}
left join printed as p
    on s.subject_id = p.subject_id and s.period_type = p.period_type and s.period = p.period
