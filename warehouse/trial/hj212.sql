-- grain: one row: every frame of the logs accounted for, accepted or rejected with one reason
with reasons as (
    select
        replace(name, 'rejected_', '') as reason,
        sum(value) as frame_count
    from trial_stat
    where source = 'cems_hj212' and name like 'rejected_%'
    group by name
),

counts as (
    select
        sum(case when name = 'frames' then value else 0 end) as frames,
        sum(case when name = 'frames_accepted' then value else 0 end) as accepted,
        sum(case when name = 'frames_crc_valid' then value else 0 end) as crc_valid,
        sum(case when name = 'frames_without_rows' then value else 0 end) as accepted_without_rows
    from trial_stat
    where source = 'cems_hj212'
),

by_reason as (
    select
        coalesce(json_group_object(reason, frame_count), '{}') as rejected_by_reason_json,
        coalesce(sum(frame_count), 0) as rejected
    from reasons
),

by_file as (
    select json_group_object(part, frame_count) as frames_by_file_json
    from (
        select
            part,
            sum(value) as frame_count
        from trial_stat
        where source = 'cems_hj212' and name = 'frames'
        group by part
    ) as files
)

select
    counts.frames,
    counts.accepted,
    by_reason.rejected,
    by_reason.rejected_by_reason_json,
    counts.frames - counts.accepted - by_reason.rejected as unaccounted,
    counts.crc_valid,
    counts.accepted_without_rows,
    by_file.frames_by_file_json
from counts
cross join by_reason
cross join by_file
