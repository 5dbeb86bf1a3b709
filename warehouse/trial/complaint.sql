-- grain: one row: messages and work orders of the hotline, what became of their rows, and how long replies took
-- duplicates are cases with the text of an earlier one under another number; told_again are numbers that several
-- files tell; days from message to reply as they stand, replies dated before their message apart
with counts as (
    select
        sum(rows_in) as row_count,
        sum(rows_loaded) as loaded,
        sum(rows_rejected) as rejected
    from trial_ledger
    where source in ('complaint_message_xlsx', 'complaint_12345')
),

reasons as (
    select coalesce(json_group_object(check_id, row_count), '{}') as rejected_by_check_json
    from (
        select
            check_id,
            sum(row_count) as row_count
        from trial_rejected
        where source in ('complaint_message_xlsx', 'complaint_12345')
        group by check_id
    ) as checks
),

cases as (
    select
        count(*) as case_count,
        count(duplicate_of_case_id) as duplicates
    from fct_case
    where case_kind in ('message', 'complaint')
),

replies as (
    select date_diff('second', message_at, reply_at) / 86400.0 as reply_days
    from stg_complaint_message_xlsx
    where message_at is not null and reply_at is not null
),

replied as (
    select
        count(*) as replied,
        round(median(reply_days) filter (where reply_days >= 0), 3) as median_reply_days,
        round(max(reply_days), 3) as longest_reply_days,
        count(*) filter (where reply_days < 0) as replied_before_message
    from replies
)

select
    counts.row_count as rows,
    counts.loaded,
    counts.rejected,
    reasons.rejected_by_check_json,
    cases.case_count as cases,
    counts.loaded - cases.case_count as told_again,
    cases.duplicates,
    replied.replied,
    replied.median_reply_days,
    replied.longest_reply_days,
    replied.replied_before_message
from counts
cross join reasons
cross join cases
cross join replied
