-- grain: scheme_version × period × subject_id
-- rank within the dated group, and its range when each weight in turn goes up and down by the scheme's percentage
-- (all weights then share the whole again); only years are ranked
{{ config(contract={'enforced': false}, meta={'publish': true}) }}
with groups as (
    select scheme_version, group_code, group_name_zh, area_code, valid_from, valid_to
    from {{ ref('scheme_group') }}
),

parts as (
    select
        s.scheme_version, s.subject_id, s.period, s.component_code, s.weight, coalesce(s.score, 0) as score,
        g.group_code, c.perturbation_pct
    from {{ ref('fct_index_score') }} as s
    inner join {{ ref('scheme') }} as c on s.scheme_version = c.scheme_version
    inner join groups as g
        on
            s.scheme_version = g.scheme_version and s.subject_id = g.area_code
            and {{ in_force("cast(concat(s.period, '-01-01') as date)", 'g.') }}
    where
        s.index_code = 'town_green_assessment' and s.period_type = 'year' and s.component_code <> 'total'
        and s.contribution is not null
),

variants as (
    select distinct scheme_version, component_code as changed_code, 1 as sign from parts
    union all
    select distinct scheme_version, component_code as changed_code, -1 as sign from parts
    union all
    select distinct scheme_version, 'none' as changed_code, 0 as sign from parts
),

weighed as (
    select
        p.scheme_version, p.subject_id, p.period, p.group_code, v.changed_code, v.sign, p.score,
        -- in hundredths of a share, so that the changed weight stays exact
        cast({{ mul('p.weight', "(100 + case when p.component_code = v.changed_code then v.sign * p.perturbation_pct else 0 end)", 6) }}
            as decimal(18, 6)) as weight
    from parts as p
    inner join variants as v on p.scheme_version = v.scheme_version
),

totals as (
    select
        scheme_version, subject_id, period, group_code, changed_code, sign,
        {{ ratio('sum(' ~ mul('weight', 'score', 12) ~ ')', 'sum(weight)', 6, 12) }} as score
    from weighed
    group by scheme_version, subject_id, period, group_code, changed_code, sign
),

ranked as (
    select
        *,
        rank() over (
            partition by scheme_version, period, group_code, changed_code, sign order by score desc
        ) as place
    from totals
)

select
    scheme_version,
    subject_id,
    period,
    group_code,
    cast(max(case when changed_code = 'none' then place end) as int) as rank_in_group,
    cast(min(place) as int) as rank_min_10pct,
    cast(max(place) as int) as rank_max_10pct,
    cast(count(*) as bigint) as variant_count
from ranked
group by scheme_version, subject_id, period, group_code
