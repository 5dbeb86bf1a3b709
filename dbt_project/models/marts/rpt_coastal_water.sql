-- grain: subject_type × subject_id × period
-- sites and sea areas of a quarter: class, main factors, share of good area, and what keeps a cell blank
with good as (
    select value from {{ ref('coastal_rule') }} where rule = 'good_max_grade' and {{ in_force(date_of(as_of()), '') }}
),

weighted as (
    select w.sea_area, i.period, i.item_name_zh, i.factor_code, sum(w.weight_share) as bad_weight
    from {{ ref('fct_coastal_item') }} as i
    inner join {{ ref('fct_coastal_site') }} as s
        on i.point_id = s.point_id and i.period = s.period and i.maturity = s.maturity and s.rank_in_period = 1
    inner join {{ ref('stg_coastal_site_weight') }} as w
        on i.point_id = concat('coastal_water:', w.site_code) and w.period = substr(i.period, 1, 4)
    inner join good as g on i.grade > g.value
    group by w.sea_area, i.period, i.item_name_zh, i.factor_code
),

main as (
    select
        sea_area, period, item_name_zh,
        row_number() over (partition by sea_area, period order by bad_weight desc, factor_code) as choice
    from weighted
)

select
    'coastal_good_area_share_pct' as indicator_code, 'point' as subject_type, s.point_id as subject_id, p.name_zh as subject_name_zh, w.sea_area,
    'quarter' as period_type, s.period, s.maturity, s.grade, s.is_good, s.main_items_zh, w.weight_share, cast(null as decimal(18, 6)) as weight_sum,
    cast(null as decimal(18, 6)) as good_area_share_pct, s.measured_item_count, s.graded_item_count, s.reason_zh, s.status
from {{ ref('fct_coastal_site') }} as s
left join {{ ref('dim_point') }} as p on s.point_id = p.point_id and {{ in_force('s.period_start_date', 'p.') }}
left join {{ ref('stg_coastal_site_weight') }} as w
    on s.point_id = concat('coastal_water:', w.site_code) and w.period = substr(s.period, 1, 4)
where s.rank_in_period = 1
union all
select
    i.indicator_code, 'sea_area' as subject_type, i.basis as subject_id, i.basis as subject_name_zh, i.basis as sea_area,
    'quarter' as period_type, i.period, i.maturity, cast(null as int) as grade, cast(null as boolean) as is_good, m.item_name_zh as main_items_zh,
    cast(null as decimal(18, 6)) as weight_share, w.weight_sum, i.value as good_area_share_pct, i.expected_count as measured_item_count,
    i.observed_count as graded_item_count, coalesce(w.finding_zh, i.reason_zh) as reason_zh, i.status
from {{ ref('ind_coastal') }} as i
left join {{ ref('fct_coastal_weight') }} as w on i.basis = w.sea_area and w.period = substr(i.period, 1, 4)
left join main as m on i.basis = m.sea_area and i.period = m.period and m.choice = 1
where i.basis <> 'default'
