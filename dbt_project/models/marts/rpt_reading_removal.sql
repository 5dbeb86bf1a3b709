-- grain: removal_no × factor_code × statistic × averaging_minutes × observed_at × maturity × value_origin × source
-- Every entry of the register of removals with every value that it takes out of official statistics; an entry that takes
-- out none stands here once and says why.
with entries as (
    select * from {{ ref('stg_reading_removal') }}
),

taken as (
    select
        s.removal_no, r.point_id, r.factor_code, r.statistic, r.averaging_minutes, r.observed_at, r.maturity, r.value_origin,
        r.source, r.value, r.value_as_sent, r.qualifier, r.month
    from {{ ref('fct_reading') }} as r
    inner join {{ ref('int_removal_span') }} as s
        on r.point_id = s.point_id and r.factor_code = s.factor_code
        and r.observed_at > s.observed_from and r.observed_at <= s.observed_to
    where r.flag_human is not null
),

points as (
    {{ latest_by_key(ref('dim_point'), ['point_id'], ['valid_from desc', 'name_zh asc'], ['point_id', 'name_zh', 'medium', 'town_code']) }}
)

select
    e.removal_no, e.action_zh,
    coalesce(t.month, {{ month_of('e.flagged_at') }}) as month,
    e.point_id, p.name_zh as point_name_zh, p.medium, p.town_code,
    e.factor_code, f.name_zh as factor_name_zh,
    t.statistic, t.averaging_minutes, t.observed_at, t.maturity, t.value_origin, t.source,
    t.value, f.unit_symbol, t.value_as_sent, t.qualifier,
    case
        when t.averaging_minutes > 0 then concat(cast(t.averaging_minutes as varchar), ' 分钟', t.statistic, '；', cast({{ reading_day('t.observed_at', 't.averaging_minutes') }} as varchar), ' 的日、月、季、年统计')
        when t.observed_at is not null then concat(t.statistic, '；', cast({{ date_of('t.observed_at') }} as varchar), ' 所在月、季、年统计')
    end as affected_zh,
    e.post_zh, e.person_hash, e.flagged_at, e.reason_zh, e.evidence,
    t.removal_no is not null as is_applied,
    case
        when t.removal_no is not null then null
        when e.observed_from >= e.observed_to then '起始时刻不早于终止时刻，未执行：请更正登记'
        when e.flagged_at > {{ as_of() }} then '审核时间晚于本次发布的截至时刻，尚未执行'
        when e.action_zh = '恢复' then '恢复登记：不剔除数值'
        else '所登记时段内没有数值，或已由后来的登记取代'
    end as note_zh,
    e._load_id, e._row_no
from entries as e
left join taken as t on e.removal_no = t.removal_no
left join points as p on e.point_id = p.point_id
left join {{ ref('dim_factor') }} as f on e.factor_code = f.factor_code
