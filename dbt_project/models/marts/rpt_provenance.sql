-- grain: source × month × part
-- the loads behind this release by source, month of window and part; load numbers lead to landing
with sources as (
    {{ declared_sources() }}
)

select
    l.source,
    s.source_name_zh,
    s.provider,
    s.owner_zh,
    s.slice_kind,
    {{ month_of('l.window_start') }} as month,
    case when l.window_start is not null then {{ period_label('l.window_start', 'month') }} end as period,
    case when s.slice_kind = 'arrivals' then '' else coalesce(l.part, '') end as part,
    cast(count(*) as bigint) as load_count,
    cast(count(distinct l.payload_sha256) as bigint) as payload_count,
    min(l.window_start) as first_window_date,
    max(l.window_end) as last_window_date,
    cast(sum(l.records_in) as bigint) as record_count,
    cast(sum(l.rows_in) as bigint) as row_count,
    cast(sum(l.rows_loaded) as bigint) as loaded_row_count,
    cast(sum(l.rows_rejected) as bigint) as rejected_row_count,
    min(l.load_id) as first_load_id,
    max(l.load_id) as last_load_id,
    -- a cell of a workbook holds 32,767 characters: more loads than these are counted, not listed
    case when count(*) <= 1000 then {{ join_text('l.load_id', ' ') }} end as load_ids
from {{ source('raw', 'load_ledger') }} as l
left join sources as s on l.source = s.source
group by
    l.source, s.source_name_zh, s.provider, s.owner_zh, s.slice_kind, {{ month_of('l.window_start') }},
    case when l.window_start is not null then {{ period_label('l.window_start', 'month') }} end,
    case when s.slice_kind = 'arrivals' then '' else coalesce(l.part, '') end
