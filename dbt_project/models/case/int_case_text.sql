-- grain: case_id
-- one case with a text; restricted, kept for finding the same text under another number
{{ config(materialized='table', database='restricted', meta={'publish': false}) }}
with complaints as (
    {{ latest_by_key(source('raw', 'complaint_12345'), ['order_no'], arrival_order(['updated_at'])) }}
),

messages as (
    {{ latest_by_key(
        source('raw', 'complaint_message_xlsx'),
        ['message_no'],
        ['reply_at asc', '_part asc', '_seq desc', '_load_id desc', '_row_no asc']
    ) }}
)

select
    concat('complaint:', {{ tidy('order_no') }}) as case_id,
    'complaint' as case_kind,
    cast(received_at as timestamp) as received_at,
    {{ squeeze('content') }} as text_key
from complaints
where {{ squeeze('content') }} is not null
union all
select
    concat('message:', {{ tidy('message_no') }}) as case_id,
    'message' as case_kind,
    cast(message_at as timestamp) as received_at,
    {{ squeeze('body') }} as text_key
from messages
where {{ squeeze('body') }} is not null
