-- grain: sample_no × step_no
-- One step of a sample's way, held against the step before it: who had it must be who gives it, who takes it must be whom it was
-- given to, within the seeded minutes, and no step lies before its predecessor. Any break is a gap of custody.
{{ config(contract={'enforced': true}, meta={'evidence': [
    {'parent': 'stg_emergency_sample', 'label_zh': '流转登记', 'on': {'sample_no': 'sample_no'}}]}) }}
with rules as (
    select value, status from {{ ref('emergency_rule') }}
    where rule = 'hand_over_minutes' and scheme_mode = '{{ var("scheme_mode") }}' and {{ in_force(date_of(as_of())) }}
),

beside as (
    select
        s.*,
        row_number() over (partition by s.sample_no order by s.step_no asc) as place_no,
        lag(s.step) over (partition by s.sample_no order by s.step_no asc) as step_before,
        lag(s.from_post) over (partition by s.sample_no order by s.step_no asc) as from_before,
        lag(s.to_post) over (partition by s.sample_no order by s.step_no asc) as to_before,
        lag(s.step_at) over (partition by s.sample_no order by s.step_no asc) as at_before,
        lead(s.step) over (partition by s.sample_no order by s.step_no asc) as step_after
    from {{ ref('stg_emergency_sample') }} as s
    where s.step_at <= {{ as_of() }}
),

measured as (
    select
        b.*, r.value as allowed_minutes, coalesce(r.status, 'unverified') as rule_status,
        cast({{ ratio(seconds_between('b.at_before', 'b.step_at'), '60', 6) }} as decimal(18, 6)) as since_minutes,
        cast({{ ratio(seconds_between('b.step_at', as_of()), '60', 6) }} as decimal(18, 6)) as open_minutes
    from beside as b
    left join rules as r on 1 = 1
),

judged as (
    select
        m.*,
        case
            when m.place_no = 1 and m.step <> '采样' then '没有采样记录'
            when m.place_no > 1 and m.step = '采样' then '采样重复登记'
            when m.at_before > m.step_at then '时间早于上一环节'
            when m.step = '交出' and coalesce(m.step_before, '') not in ('采样', '接收') then '交出前未登记保管'
            when m.step = '交出' and coalesce(m.from_post, '') <> m.to_before then '交出者不是保管者'
            when m.step = '接收' and coalesce(m.step_before, '') <> '交出' then '接收前未登记交出'
            when m.step = '接收' and (m.to_post <> m.to_before or coalesce(m.from_post, '') <> coalesce(m.from_before, ''))
                then '接收者与交出登记不符'
            when m.step = '接收' and m.since_minutes > m.allowed_minutes
                then concat('交接超过 ', {{ plain('m.allowed_minutes') }}, ' 分钟')
            when m.step = '分析' and coalesce(m.step_before, '') not in ('采样', '接收', '分析') then '分析前未登记接收'
            when m.step = '分析' and m.to_post <> m.to_before then '分析者不是保管者'
            when m.step = '交出' and m.step_after is null and m.open_minutes > m.allowed_minutes then '已交出，至今未登记接收'
        end as gap_zh
    from measured as m
)

select
    sample_no, step_no, incident_no as case_id, item_zh, step, step_at, from_post, to_post, person_hash, since_minutes,
    allowed_minutes,
    gap_zh is not null as is_gap,
    gap_zh,
    case when step = '接收' and allowed_minutes is null then '交接时限未评价（缺标准）' end as reason_zh,
    case when step in ('接收', '交出') then rule_status else 'verified' end as status,
    {{ month_of('step_at') }} as month,
    _load_id, _row_no
from judged
