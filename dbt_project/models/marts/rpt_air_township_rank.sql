-- grain: subject_id × indicator_code × period_type × period × basis
-- Towns of a period as bulletins print them: value, rank, a year before, change of both. The change of rank stands only where
-- the two periods are comparable (fct_air_year_on_year), and the text says when the set of stations changed.
select
    r.indicator_code,
    r.subject_id,
    a.name_zh as area_name_zh,
    i.name_zh as indicator_name_zh,
    i.unit_symbol,
    r.period_type,
    r.period,
    r.basis,
    {{ air_basis_zh('r.basis') }} as basis_zh,
    r.value,
    r.compared_value,
    r.rank_no,
    r.ranked_count,
    r.is_tied,
    y.last_year_value,
    y.difference,
    y.change_pct,
    l.rank_no as last_year_rank_no,
    l.ranked_count as last_year_ranked_count,
    -- places won; ranks among other numbers of towns are told, not compared
    case when y.reason_zh is null and l.ranked_count = r.ranked_count then cast(l.rank_no - r.rank_no as bigint) end as rank_change_count,
    r.maturity,
    r.policy_version,
    r.point_set,
    y.last_year_point_set,
    y.is_same_point_set,
    coalesce(y.replaced_zh, r.replaced_zh) as replaced_zh,
    r.observed_count,
    case
        when r.reason_zh is not null then r.reason_zh
        when r.basis in ('default', 'default_no_dust') then '同比须两期同一规则，见按规则重算的口径'
        when y.reason_zh is not null then y.reason_zh
        when l.ranked_count <> r.ranked_count then '两期参加排名的镇街数不同，名次不作比较'
    end as reason_zh,
    case when y.status = 'illustrative' then 'illustrative' else r.status end as status
from {{ ref('fct_air_rank') }} as r
inner join {{ ref('dim_area') }} as a on r.subject_id = a.area_code
inner join {{ ref('dim_indicator') }} as i on r.indicator_code = i.indicator_code
left join {{ ref('fct_air_year_on_year') }} as y
    on
        r.subject_id = y.subject_id and r.indicator_code = y.indicator_code and r.period_type = y.period_type
        and r.period = y.period and r.basis = y.basis
left join {{ ref('fct_air_rank') }} as l
    on
        y.subject_id = l.subject_id and y.indicator_code = l.indicator_code and y.period_type = l.period_type
        and y.last_period = l.period and y.basis = l.basis
