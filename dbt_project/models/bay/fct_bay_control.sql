-- grain: point_id × factor_code × period_type × period
-- TN and TP of a river: plain and flow-weighted mean, distance from the target in force, change on the same period of last year.
-- Both sides of the change are of one maturity; a blank target gives no gap.
{{ config(meta={'evidence': [
    {'parent': 'fct_bay_period', 'label_zh': '本期与上年同期', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'period_type': 'period_type', 'maturity': 'maturity',
        'period in': "concat(period, ',', cast(cast(substr(period, 1, 4) as int) - 1 as varchar), substr(period, 5))"}}],
    'clause': "'bay_target'"}) }}
with base as (
    select * from {{ ref('fct_bay_period') }} where is_default
),

targets as (
    select
        p.point_id, p.factor_code, p.period_type, p.period,
        d.town_code, d.name_zh as point_name_zh, d.water_body_name, t.target_mg_l, t.compared_statistic, t.status as target_status,
        row_number() over (
            partition by p.point_id, p.factor_code, p.period_type, p.period
            order by case when t.water_body_name = d.water_body_name then 0 else 1 end, t.valid_from desc, d.valid_from desc
        ) as choice
    from base as p
    left join {{ ref('dim_point') }} as d on p.point_id = d.point_id and {{ in_force('p.period_start_date', 'd.') }}
    left join {{ ref('bay_target') }} as t
        on p.factor_code = t.factor_code and t.water_body_name in (d.water_body_name, '*') and {{ in_force('p.period_start_date', 't.') }}
    where p.rank_in_period = 1
),

joined as (
    select
        p.*, t.town_code, t.point_name_zh, t.water_body_name, t.target_mg_l, t.compared_statistic, t.target_status,
        before.mean_mg_l as mean_last_year_mg_l,
        case when t.compared_statistic = 'flow_weighted' then p.flow_weighted_mg_l else p.mean_mg_l end - t.target_mg_l as gap,
        cast({{ ratio('(p.mean_mg_l - before.mean_mg_l) * 100', 'before.mean_mg_l', 6) }} as decimal(18, 6)) as change_pct
    from base as p
    inner join targets as t
        on p.point_id = t.point_id and p.factor_code = t.factor_code and p.period_type = t.period_type and p.period = t.period
        and t.choice = 1
    left join base as before
        on p.point_id = before.point_id and p.factor_code = before.factor_code and p.period_type = before.period_type
        and p.maturity = before.maturity and before.period_start_date = {{ add_months('p.period_start_date', -12) }}
    where p.rank_in_period = 1
)

select
    j.point_id, j.point_name_zh, j.town_code, j.water_body_name, j.factor_code, j.period_type, j.period, j.period_start_date, j.period_end_date,
    j.maturity, j.load_t, j.out_volume_m3, j.mean_mg_l, j.flow_weighted_mg_l, j.expected_day_count, j.measured_day_count,
    j.estimated_day_count, j.missing_day_count, j.target_mg_l, j.compared_statistic,
    cast(j.gap as decimal(18, 6)) as target_gap_mg_l,
    j.mean_last_year_mg_l, j.change_pct,
    case when j.change_pct > b.value then '上升' when j.change_pct < -b.value then '下降' when j.change_pct is not null then '持平' end as trend_zh,
    case when j.target_mg_l is null then '未评价（缺标准）：没有正式目标' end as target_note_zh,
    j.reason_zh,
    case when j.status = 'illustrative' then j.status else 'unverified' end as status
from joined as j
left join {{ ref('bay_rule') }} as b on b.rule = 'trend_band_pct' and {{ in_force('j.period_start_date', 'b.') }}
