-- grain: case_id
-- a noise complaint against the permits for night work; a complaint is dated by its registration (received_at), the
-- only time that a work order carries. Inside a window: window_from_at <= received_at < window_to_at, not revoked by then.
{{ config(meta={'evidence': [
    {'parent': 'fct_case', 'label_zh': '投诉工单', 'on': {'case_id': 'case_id'}},
    {'parent': 'stg_construction_night_permit', 'label_zh': '夜间施工许可', 'on': {'site_key': 'site_key', 'town_code': 'town_code'}}],
    'clause': "'noise_law_43'"}) }}
with complaints as (
    select
        case_id, town_code, enterprise_name as site_name, {{ squeeze('enterprise_name') }} as site_key, received_at, month,
        is_repeat, source, _load_id, _row_no
    from {{ ref('fct_case') }}
    where case_kind = 'complaint' and category = '噪声'
),

permits as (
    select
        c.case_id, p.permit_no, p.window_from_at, p.window_to_at,
        case
            when p.window_to_at <= p.window_from_at then 4
            when c.received_at >= p.window_from_at and c.received_at < p.window_to_at
                and (p.revoked_at is null or p.revoked_at > c.received_at) then 1
            when c.received_at >= p.window_from_at and c.received_at < p.window_to_at then 2
            else 3
        end as match_rank
    from complaints as c
    inner join {{ ref('stg_construction_night_permit') }} as p
        on c.site_key = p.site_key and c.town_code = p.town_code
),

best as (
    select *
    from (
        select
            m.*,
            row_number() over (
                partition by m.case_id order by m.match_rank, m.window_from_at desc, m.permit_no
            ) as rank_in_case
        from permits as m
    ) as ranked
    where rank_in_case = 1
)

select
    c.case_id, c.town_code, c.site_name, c.site_key, c.received_at, c.month, c.is_repeat,
    case
        when b.match_rank = 1 then 'in_window'
        when b.match_rank = 2 then 'revoked'
        when b.match_rank is not null then 'outside_window'
        else 'no_permit'
    end as permit_check,
    coalesce(b.match_rank = 1, false) as is_in_permitted_window,
    case when b.match_rank <= 2 then b.permit_no end as permit_no,
    case when b.match_rank <= 2 then b.window_from_at end as window_from_at,
    case when b.match_rank <= 2 then b.window_to_at end as window_to_at,
    case
        when b.match_rank = 1 then '登记时刻在夜间施工许可时段内'
        when b.match_rank = 2 then '许可在登记时刻前已撤回'
        when b.match_rank = 3 then '该工地有许可，登记时刻不在准许时段内'
        when b.match_rank = 4 then '该工地的许可时段起止颠倒，不作数'
        else '名录中无该单位的夜间施工许可'
    end as reason_zh,
    c.source, c._load_id, c._row_no
from complaints as c
left join best as b on c.case_id = b.case_id
