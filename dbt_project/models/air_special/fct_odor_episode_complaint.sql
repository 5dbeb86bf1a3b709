-- grain: point_id × maturity × started_at × case_id
-- an odour complaint joins an episode of its town when it came in between shortly before the start and some hours after the end
{{ config(meta={'evidence': [
    {'parent': 'fct_odor_episode', 'label_zh': '异味过程', 'on': {'point_id': 'point_id', 'maturity': 'maturity',
        'started_at': 'started_at'}},
    {'parent': 'fct_case', 'label_zh': '恶臭投诉', 'on': {'case_id': 'case_id'}}], 'clause': "'plan_4_9_2_air_special'"}) }}
with rules as (
    {{ air_special_rules(['odor_complaint_before_minutes', 'odor_complaint_after_minutes']) }}
),

joined as (
    select
        e.point_id, e.maturity, e.started_at, c.case_id, c.received_at, c.town_code, c.enterprise_name,
        {{ seconds_between('e.started_at', 'c.received_at') }} as lag_seconds
    from {{ ref('fct_odor_episode') }} as e
    inner join {{ ref('dim_point') }} as p on e.point_id = p.point_id and {{ in_force(date_of('e.started_at'), 'p.') }}
    inner join rules as r on {{ in_force(date_of('e.started_at'), 'r.') }}
    inner join {{ ref('fct_case') }} as c
        on c.category = '恶臭' and c.town_code = p.town_code
        and {{ seconds_between('c.received_at', 'e.started_at') }} <= r.odor_complaint_before_minutes * 60
        and {{ seconds_between('e.ended_at', 'c.received_at') }} <= r.odor_complaint_after_minutes * 60
),

named as (
    select
        j.*, n.site_code, n.distance_m, n.angle_deg, n.is_upwind,
        row_number() over (
            partition by j.point_id, j.maturity, j.started_at, j.case_id order by n.distance_m nulls last, n.site_code
        ) as rank_no
    from joined as j
    left join {{ ref('dim_site') }} as s on {{ squeeze('j.enterprise_name') }} = {{ squeeze('s.enterprise_name') }}
    left join {{ ref('fct_odor_episode_site') }} as n
        on j.point_id = n.point_id and j.maturity = n.maturity and j.started_at = n.started_at and s.site_code = n.site_code
)

select
    point_id, maturity, started_at, case_id, received_at, town_code, enterprise_name,
    cast({{ int_div('lag_seconds', '60') }} as bigint) as lag_minutes,
    site_code, distance_m, angle_deg, is_upwind,
    case
        when site_code is null then '被反映单位不在名录中，或不在可疑距离内，不判风向'
        when is_upwind is null then '静风或无风向，不判上风向'
        when not is_upwind then '被反映单位不在上风向'
    end as reason_zh,
    'illustrative' as status
from named
where rank_no = 1
