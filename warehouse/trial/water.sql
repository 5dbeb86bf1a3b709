-- grain: one row: our class of each section and time against the published one
-- official is published; river_only takes every section for a river; declared uses the declared water body; derived
-- takes the body that explains the first half of a section's days better and is scored on the second half only
with compared as (
    select
        c.point_id, c.observed_at, cast(c.observed_at as date) as day, c.grade, c.grade_river, c.grade_lake,
        c.official_grade, c.water_body_type, c.water_body_basis, c.source, c.item_count
    from fct_water_class as c
    where c.official_grade is not null and c.grade is not null
),

days as (
    select point_id, day, ntile(2) over (partition by point_id order by day) as half
    from (select distinct point_id, day from compared) as d
),

learnt as (
    select
        c.point_id,
        sum(case when c.grade_lake = c.official_grade then 1 else 0 end)
            > sum(case when c.grade_river = c.official_grade then 1 else 0 end) as is_lake
    from compared as c
    inner join days as d on c.point_id = d.point_id and c.day = d.day
    where d.half = 1
    group by c.point_id
),

held_out as (
    select
        c.point_id, c.observed_at,
        case when l.is_lake then c.grade_lake else c.grade_river end = c.official_grade as is_equal
    from compared as c
    inner join days as d on c.point_id = d.point_id and c.day = d.day
    inner join learnt as l on c.point_id = l.point_id
    where d.half = 2
),

totals as (
    select
        count(*) as class_compared,
        sum(case when grade_river = official_grade then 1 else 0 end) as river_only_equal,
        sum(case when grade = official_grade then 1 else 0 end) as declared_equal,
        sum(case when grade_river <> official_grade and grade_lake = official_grade then 1 else 0 end) as only_lake_equal,
        sum(case when grade_river <> official_grade and grade_lake <> official_grade then 1 else 0 end) as neither_equal
    from compared
),

disagreements as (
    select
        point_id, water_body_type, water_body_basis, count(*) as compared_count,
        sum(case when grade <> official_grade then 1 else 0 end) as unequal_count,
        sum(case when grade <> official_grade and grade_river = official_grade then 1 else 0 end) as river_explains_count,
        sum(case when grade <> official_grade and grade_lake = official_grade then 1 else 0 end) as lake_explains_count,
        min(case when grade <> official_grade then observed_at end) as first_unequal_at
    from compared
    group by point_id, water_body_type, water_body_basis
),

by_section as (
    select
        point_id, count(*) as compared_count, sum(case when grade = official_grade then 1 else 0 end) as equal_count
    from compared
    where source = 'water_section_csv'
    group by point_id
),

-- a spike: a reading marked jump, and the very next one of the series marked too, back the other way
neighbours as (
    select
        point_id, factor_code, observed_at, value, flag_rule, source,
        lag(value) over series as value_before, lead(value) over series as value_after, lead(flag_rule) over series as flag_after
    from fct_reading
    where point_id like 'water:%' and statistic = 'instant'
    window series as (partition by point_id, factor_code, statistic, averaging_minutes, maturity, value_origin, source order by observed_at)
),

spikes as (
    select point_id, factor_code, observed_at, value, value_before
    from neighbours
    where concat(',', flag_rule, ',') like '%,jump,%' and concat(',', flag_after, ',') like '%,jump,%'
        and sign(value - value_before) = -sign(value_after - value)
)

select
    t.class_compared, t.river_only_equal, t.declared_equal, t.only_lake_equal, t.neither_equal,
    (select count(*) from held_out) as derived_holdout_compared,
    (select sum(case when is_equal then 1 else 0 end) from held_out) as derived_holdout_equal,
    round(100.0 * t.river_only_equal / nullif(t.class_compared, 0), 3) as river_only_equal_pct,
    round(100.0 * t.declared_equal / nullif(t.class_compared, 0), 3) as declared_equal_pct,
    round(100.0 * (select sum(case when is_equal then 1 else 0 end) from held_out)
        / nullif((select count(*) from held_out), 0), 3) as derived_holdout_equal_pct,
    (select count(distinct point_id) from fct_water_class) as section_count,
    (select count(distinct point_id) from fct_water_class) as sections,
    (select count(*) from by_section) as class_by_section_sections,
    (select sum(compared_count) from by_section) as class_by_section_compared,
    (select sum(equal_count) from by_section) as class_by_section_equal,
    (select count(*) from spikes) as spikes_flagged,
    (select count(*) from trial_duplicate where source in ('water_auto_4h', 'water_section_csv') and is_exact)
        + (select coalesce(sum(told_count - 1), 0) from fct_water_told_again where not is_conflicting) as duplicates_removed,
    (select count(*) from trial_duplicate where source in ('water_auto_4h', 'water_section_csv') and is_exact)
        as duplicates_exact_at_door,
    (select count(*) from trial_duplicate where source in ('water_auto_4h', 'water_section_csv') and not is_exact)
        as duplicates_differing_at_door,
    (
        select cast(to_json(map_from_entries(list({'k': point_id, 'v': {'equal': equal_count, 'compared': compared_count}}
            order by point_id))) as varchar)
        from by_section
    ) as class_by_section_json,
    (
        select cast(to_json(list({
            'section': point_id, 'factor': factor_code, 'at': cast(observed_at as varchar), 'value': cast(value as double),
            'before': cast(value_before as double)
        } order by point_id, factor_code, observed_at)) as varchar)
        from spikes
    ) as spikes_json,
    (select count(*) from fct_water_class where is_stale) as stale_count,
    (select count(*) from fct_water_class where official_grade is null) as without_published_class_count,
    (select count(*) from fct_water_class where grade is null) as without_own_class_count,
    (select sum(told_count - 1) from fct_water_told_again) as told_again_count,
    (select count(*) from fct_water_told_again where is_conflicting) as conflicting_count,
    (
        select cast(to_json(list({
            'section': point_id, 'water_body': water_body_type, 'basis': water_body_basis, 'compared': compared_count,
            'unequal': unequal_count, 'river_explains': river_explains_count, 'lake_explains': lake_explains_count,
            'first_at': cast(first_unequal_at as varchar)
        } order by unequal_count desc, point_id)) as varchar)
        from disagreements
        where unequal_count > 0
    ) as disagreements_json
from totals as t
