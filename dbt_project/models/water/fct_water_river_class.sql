-- grain: river_name × period_type × period_start_date
-- a river of the district: with enough sections by the shares of classes, with fewer by the mean of each item over the sections,
-- then the worst item; a shared section counts once; items whose sections are not of one maturity are not averaged
{{ config(meta={'evidence': [
    {'parent': 'fct_water_section_class', 'label_zh': '断面类别', 'on': {'period_type': 'period_type', 'network': "'district'",
        'water_body_type': "'river'", 'period_start_date': 'period_start_date', 'point_id in':
        "(select point_id from build.dim_water_section where water_body_name = r.river_name)"}},
    {'parent': 'fct_water_section_item', 'label_zh': '各项目均值', 'on': {'period_type': 'period_type',
        'period_start_date': 'period_start_date', 'point_id in':
        "(select point_id from build.dim_water_section where water_body_name = r.river_name)"}}],
    'clause': "'hbb_2011_22_river'"}) }}
with maturity_order as (
    {{ maturity_priority() }}
),

sections as (
    select *
    from (
        select
            c.point_id, c.period_type, c.period_start_date, c.grade, c.maturity, s.water_body_name as river_name,
            row_number() over (
                partition by s.water_body_name, c.period_type, c.period_start_date,
                    case when c.is_shared then c.section_name else c.point_id end
                order by case when c.grade is null then 1 else 0 end, c.point_id
            ) as rank_in_section
        from {{ ref('fct_water_section_class') }} as c
        inner join {{ ref('dim_water_section') }} as s
            on c.point_id = s.point_id and {{ in_force('c.period_start_date', 's.') }}
        inner join {{ ref('water_section_role') }} as o on s.role = o.role and o.is_in_class_share
        where c.network = 'district' and c.water_body_type = 'river' and c.period_type <> 'day' and s.water_body_name is not null
    ) as told
    where rank_in_section = 1
),

counted as (
    select
        s.river_name, s.period_type, s.period_start_date, count(*) as section_count, count(s.grade) as graded_count,
        sum(case when s.grade <= g.value then 1 else 0 end) as class_1_3_count,
        sum(case when s.grade > 5 then 1 else 0 end) as worse_than_5_count, max(coalesce(m.priority, 99)) as priority
    from sections as s
    left join maturity_order as m on s.maturity = m.maturity
    left join {{ ref('water_rule') }} as g
        on g.rule = 'class_1_3_max_grade' and {{ in_force('s.period_start_date', 'g.') }}
    group by s.river_name, s.period_type, s.period_start_date
),

items as (
    select
        s.river_name, s.period_type, s.period_start_date, i.factor_code,
        case
            when count(distinct i.maturity) > 1 then null
            when i.factor_code = 'w01001' then {{ ph_of_hydrogen(mean(hydrogen_nmol('i.value'), 6)) }}
            else cast({{ mean('i.value', 6) }} as decimal(18, 6))
        end as value,
        count(distinct i.maturity) as maturity_count, count(*) as section_count,
        sum(case when i.grade > g.value then 1 else 0 end) as exceeding_count
    from sections as s
    inner join {{ ref('fct_water_section_item') }} as i
        on s.point_id = i.point_id and s.period_type = i.period_type and s.period_start_date = i.period_start_date
        and i.value is not null and i.limit_class_3 is not null
    left join {{ ref('water_rule') }} as g
        on g.rule = 'class_1_3_max_grade' and {{ in_force('s.period_start_date', 'g.') }}
    group by s.river_name, s.period_type, s.period_start_date, i.factor_code
),

item_grades as (
    select
        i.river_name, i.period_type, i.period_start_date, i.factor_code, l.item_name_zh, i.exceeding_count, i.section_count,
        i.maturity_count, {{ gb3838_grade('i.value', 'l') }} as grade
    from items as i
    inner join {{ ref('int_water_limit') }} as l
        on i.factor_code = l.factor_code and l.water_body_type = 'river' and {{ in_force('i.period_start_date', 'l.') }}
),

by_mean as (
    select
        river_name, period_type, period_start_date, max(grade) as grade, max(maturity_count) as maturity_count
    from item_grades
    group by river_name, period_type, period_start_date
),

polluting as (
    select
        i.river_name, i.period_type, i.period_start_date, i.item_name_zh, n.value as at_most,
        row_number() over (
            partition by i.river_name, i.period_type, i.period_start_date
            order by {{ ratio('i.exceeding_count', 'i.section_count', 6) }} desc, i.grade desc nulls last, i.factor_code
        ) as rank_in_river
    from item_grades as i
    left join {{ ref('water_rule') }} as n
        on n.rule = 'main_pollutant_count' and {{ in_force('i.period_start_date', 'n.') }}
    where i.exceeding_count > 0
),

main_pollutants as (
    select river_name, period_type, period_start_date, {{ join_text('item_name_zh', '、', 'rank_in_river') }} as main_pollutants_zh
    from polluting
    where rank_in_river <= at_most
    group by river_name, period_type, period_start_date
),

shares as (
    select
        c.*, c.graded_count >= r.value as is_by_share, b.grade as mean_grade, b.maturity_count,
        cast({{ ratio('c.class_1_3_count * 100', 'c.graded_count', 6) }} as decimal(18, 6)) as class_1_3_share_pct,
        cast({{ ratio('c.worse_than_5_count * 100', 'c.graded_count', 6) }} as decimal(18, 6)) as worse_than_5_share_pct
    from counted as c
    left join by_mean as b
        on c.river_name = b.river_name and c.period_type = b.period_type and c.period_start_date = b.period_start_date
    {{ join_water_rule('river_min_sections', 'r', 'c.period_start_date') }}
),

by_share as (
    select river_name, period_type, period_start_date, quality_zh
    from (
        select
            s.river_name, s.period_type, s.period_start_date, g.quality_zh,
            row_number() over (
                partition by s.river_name, s.period_type, s.period_start_date order by g.grade_no
            ) as rank_in_river
        from shares as s
        inner join {{ ref('water_river_grade') }} as g
            on (g.min_class_1_3_pct is null or s.class_1_3_share_pct >= g.min_class_1_3_pct)
            and (g.below_worse_than_5_pct is null or s.worse_than_5_share_pct < g.below_worse_than_5_pct)
            and {{ in_force('s.period_start_date', 'g.') }}
    ) as ranked
    where rank_in_river = 1
)

select
    s.river_name, s.period_type, s.period_start_date, cast(s.section_count as bigint) as section_count,
    cast(s.graded_count as bigint) as graded_section_count, s.class_1_3_share_pct, s.worse_than_5_share_pct,
    case when s.is_by_share then 'share' else 'mean' end as method,
    cast(case when not s.is_by_share then s.mean_grade end as int) as grade,
    case when not s.is_by_share then c.class_zh end as class_zh,
    case when s.is_by_share then h.quality_zh else c.quality_zh end as quality_zh,
    p.main_pollutants_zh, o.maturity,
    case
        when s.graded_count = 0 then '无有效断面数据'
        when not s.is_by_share and s.maturity_count > 1 then '有项目的断面成熟度不一，不合并平均'
    end as reason_zh,
    'unverified' as status
from shares as s
left join by_share as h
    on s.river_name = h.river_name and s.period_type = h.period_type and s.period_start_date = h.period_start_date
left join {{ ref('water_class') }} as c on s.mean_grade = c.grade and not s.is_by_share
left join maturity_order as o on s.priority = o.priority
left join main_pollutants as p
    on s.river_name = p.river_name and s.period_type = p.period_type and s.period_start_date = p.period_start_date
