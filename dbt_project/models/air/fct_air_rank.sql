-- grain: subject_id × indicator_code × period_type × period × basis
-- Towns ranked by one indicator, 1 the best. Values are compared as they are printed (rounded, seed air_rank_rule); who prints
-- the same shares the rank, and the next ranks are skipped. Ranked are the towns of the maturity that most of them stand in.
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'ind_air', 'label_zh': '参加排名的各镇街', 'on': {'subject_type': "'area'", 'indicator_code': 'indicator_code',
        'period_type': 'period_type', 'period': 'period', 'basis': 'basis'}},
    {'parent': 'int_air_point_set', 'label_zh': '点位集合', 'on': {'area_code': 'subject_id', 'period_type': 'period_type',
        'period': 'period', 'maturity': 'maturity'}}],
    'clause': "(select max(k.clause_id) from build.air_rank_rule k where k.indicator_code = r.indicator_code)"}) }}
with compared as (
    select
        v.subject_id, v.indicator_code, v.period_type, v.period, v.period_start_date, v.period_end_date, v.basis, v.value,
        v.maturity, v.observed_count, v.policy_version, v.reason_zh, v.status as value_status,
        k.compared_digits, k.tie_rule, k.status as rule_status, k.clause_id,
        case when i.direction = 'higher_better' then -1 else 1 end as sign,
        cast({{ air_rounded('v.value', 'k.compared_digits') }} as decimal(18, 6)) as compared_value
    from {{ ref('ind_air') }} as v
    inner join {{ ref('dim_area') }} as a
        on v.subject_id = a.area_code and a.area_type = 'town'
    inner join {{ ref('dim_indicator') }} as i on v.indicator_code = i.indicator_code
    inner join {{ ref('air_rank_rule') }} as k
        on v.indicator_code = k.indicator_code and {{ in_force('v.period_start_date', 'k.') }}
),

common as (
    select
        m.indicator_code, m.period_type, m.period, m.basis, m.maturity,
        row_number() over (
            partition by m.indicator_code, m.period_type, m.period, m.basis
            order by m.town_count desc, coalesce(k.rank_no, 99), m.maturity
        ) as choice
    from (
        select indicator_code, period_type, period, basis, maturity, count(*) as town_count
        from compared
        where compared_value is not null
        group by indicator_code, period_type, period, basis, maturity
    ) as m
    left join {{ ref('reading_priority') }} as k
        on k.purpose = 'evaluation' and k.aspect = 'maturity' and k.code = m.maturity
),

ranked as (
    select
        c.*,
        rank() over (
            partition by c.indicator_code, c.period_type, c.period, c.basis order by c.sign * c.compared_value
        ) as place,
        count(*) over (partition by c.indicator_code, c.period_type, c.period, c.basis) as ranked_count,
        count(*) over (
            partition by c.indicator_code, c.period_type, c.period, c.basis, c.compared_value
        ) as tied_count
    from compared as c
    inner join common as m
        on
            c.indicator_code = m.indicator_code and c.period_type = m.period_type and c.period = m.period
            and c.basis = m.basis and c.maturity = m.maturity and m.choice = 1
    where c.compared_value is not null and c.tie_rule = 'shared_next_skipped'
)

select
    'area' as subject_type, c.subject_id, c.indicator_code, c.period_type, c.period, c.period_start_date, c.period_end_date, c.basis,
    c.value, c.compared_value,
    cast(r.place as int) as rank_no,
    coalesce(r.ranked_count, 0) as ranked_count,
    coalesce(r.tied_count, 0) > 1 as is_tied,
    c.tie_rule, c.maturity, c.observed_count, c.policy_version,
    s.point_set, s.replaced_zh,
    case
        when c.value is null then c.reason_zh
        when c.tie_rule <> 'shared_next_skipped' then '并列规则不认得，不排名'
        when r.subject_id is null then '成熟度与多数镇街不同，不参加排名'
    end as reason_zh,
    c.clause_id,
    case when c.value_status = 'verified' and c.rule_status = 'verified' then 'verified' else 'unverified' end as status
from compared as c
left join ranked as r
    on
        c.subject_id = r.subject_id and c.indicator_code = r.indicator_code and c.period_type = r.period_type
        and c.period = r.period and c.basis = r.basis
left join {{ ref('int_air_point_set') }} as s
    on c.subject_id = s.area_code and c.period_type = s.period_type and c.period = s.period and c.maturity = s.maturity
