-- grain: month × source × flag_kind × flag
-- How many values each kind of mark takes out of official statistics, device, rule and human told apart: what stands in no
-- row here, nothing takes out.
with marked as (
    select month, source, flag_device, flag_rule, flag_human, statistic, count(*) as reading_count
    from {{ ref('fct_reading') }}
    where (flag_device is not null or flag_rule is not null or flag_human is not null) and (value is not null or qualifier is not null)
        and substr(statistic, 1, 10) <> 'published_'
    group by month, source, flag_device, flag_rule, flag_human, statistic
)

select
    m.month, m.source, 'human' as flag_kind, '人工剔除' as flag, true as is_void, cast(sum(m.reading_count) as bigint) as reading_count,
    'verified' as status
from marked as m
where m.flag_human is not null
group by m.month, m.source
union all
select
    m.month, m.source, e.flag_kind, e.flag, e.is_void, cast(sum(m.reading_count) as bigint) as reading_count, e.status
from marked as m
inner join {{ ref('flag_effect') }} as e
    on e.statistic in ('*', m.statistic)
    and (
        (e.flag_kind = 'device' and e.flag = m.flag_device)
        or (e.flag_kind = 'rule' and {{ is_named_in('e.flag', 'm.flag_rule', ',') }})
    )
group by m.month, m.source, e.flag_kind, e.flag, e.is_void, e.status
