-- grain: message_no
-- one message (message_no); of several files that tell it, the one with the reply, then by part and row
with ranked as (
    {{ latest_by_key(
        source('raw', 'complaint_message_xlsx'),
        ['message_no'],
        ['reply_at asc', '_part asc', '_seq desc', '_load_id desc', '_row_no asc']
    ) }}
),

labels as (
    select
        message_no,
        max({{ squeeze('label_1') }}) as label_1,
        max(like_count) as like_count,
        max(dislike_count) as dislike_count
    from {{ source('raw', 'complaint_message_xlsx') }}
    group by message_no
)

select
    {{ tidy('ranked.message_no') }} as message_no,
    labels.label_1,
    cast(ranked.message_at as timestamp) as message_at,
    cast(ranked.reply_at as timestamp) as reply_at,
    {{ tidy('ranked.reply') }} is not null as has_reply,
    cast(labels.like_count as int) as like_count,
    cast(labels.dislike_count as int) as dislike_count,
    {{ keyed_hash(squeeze('ranked.user_code')) }} as user_hash,
    ranked._load_id,
    ranked._row_no,
    ranked._col
from ranked
inner join labels on ranked.message_no = labels.message_no
