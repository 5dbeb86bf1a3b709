-- grain: complaint_no
-- one work order (order_no), its last version; personal fields only as keyed hashes
with latest as (
    {{ latest_by_key(source('raw', 'complaint_12345'), ['order_no'], arrival_order(['updated_at'])) }}
)

select
    {{ tidy('latest.order_no') }} as complaint_no,
    coalesce(ch.code, {{ squeeze('latest.channel') }}) as channel,
    coalesce(pu.code, {{ squeeze('latest.purpose') }}) as purpose,
    coalesce(ca.code, {{ squeeze('latest.category') }}) as category,
    {{ tidy('latest.town_name') }} as town_name_as_sent,
    coalesce(town.area_code, bare.area_code) as town_code,
    {{ tidy('latest.enterprise_name') }} as enterprise_name,
    cast(latest.received_at as timestamp) as received_at,
    cast(latest.accepted_at as timestamp) as accepted_at,
    cast(latest.assigned_at as timestamp) as assigned_at,
    cast(latest.replied_at as timestamp) as replied_at,
    cast(latest.closed_at as timestamp) as closed_at,
    cast(latest.extended_days as int) as extended_days,
    {{ tidy('latest.satisfaction') }} as satisfaction,
    cast(latest.updated_at as timestamp) as updated_at,
    {{ keyed_hash(squeeze('latest.complainant_name')) }} as complainant_hash,
    {{ keyed_hash(squeeze('latest.phone')) }} as phone_hash,
    {{ squeeze('latest.content') }} is not null as has_content,
    ch.code is not null as is_channel_known,
    pu.code is not null as is_purpose_known,
    latest._load_id,
    latest._row_no,
    latest._col
from latest
left join {{ ref('case_code_alias') }} as ch
    on ch.field = 'channel' and {{ squeeze('latest.channel') }} = ch.alias
left join {{ ref('case_code_alias') }} as pu
    on pu.field = 'purpose' and {{ squeeze('latest.purpose') }} = pu.alias
left join {{ ref('case_code_alias') }} as ca
    on ca.field = 'category' and {{ squeeze('latest.category') }} = ca.alias
{{ join_town('latest.town_name') }}
