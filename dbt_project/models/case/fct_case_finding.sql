-- grain: finding_id
-- one finding about one case, for its sender; nothing is dropped because of it
select
    concat(case_id, ':unknown_town') as finding_id,
    case_id,
    'unknown_town' as finding_kind,
    case
        when town_name_as_sent is null then '属地为空：请补填镇街；该工单只计入全区'
        else concat('属地“', town_name_as_sent, '”不在镇街名称表 town_alias 中：请更正或补充写法；该工单只计入全区')
    end as message_zh,
    month,
    source,
    _load_id,
    _row_no
from {{ ref('fct_case') }}
where case_kind = 'complaint' and not is_town_known
union all
select
    concat(case_id, ':illegal_event:', cast(event_no as varchar)) as finding_id,
    case_id,
    'illegal_event' as finding_kind,
    reason_zh as message_zh,
    {{ month_of('event_at') }} as month,
    source,
    _load_id,
    _row_no
from {{ ref('fct_case_event') }}
where not is_legal
union all
select
    concat(case_id, ':unknown_code') as finding_id,
    case_id,
    'unknown_code' as finding_kind,
    concat('渠道“', coalesce(channel, '空'), '”或诉求类型“', coalesce(purpose, '空'), '”不在代码表 case_code_alias 中：没有对应时限') as message_zh,
    {{ month_of('received_at') }} as month,
    source,
    _load_id,
    _row_no
from {{ ref('int_case') }}
where case_kind = 'complaint' and not (is_channel_known and is_purpose_known)
union all
select
    concat(k.case_id, ':excessive_extension') as finding_id,
    k.case_id,
    'excessive_extension' as finding_kind,
    concat('批准延长 ', cast(c.extended_days as varchar), ' 日超过该时限允许的上限，超出部分不计') as message_zh,
    c.month,
    c.source,
    c._load_id,
    c._row_no
from {{ ref('fct_case_clock') }} as k
inner join {{ ref('fct_case') }} as c on k.case_id = c.case_id
where k.is_extension_excessive and k.is_key and k.limit_value is not null
