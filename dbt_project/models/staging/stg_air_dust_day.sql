-- grain: area_name_as_sent × start_date
-- of several files that tell one spell, the last part, then the last row
with read as (
    select
        coalesce(town.area_code, bare.area_code) as area_code,
        {{ tidy('r.area_name') }} as area_name_as_sent,
        r.start_date,
        r.end_date,
        {{ tidy('r.input_body') }} as input_body,
        {{ tidy('r.input_document') }} as input_document,
        r._part, r._seq, r._load_id, r._row_no
    from {{ source('raw', 'air_dust_day') }} as r
    {{ join_town('r.area_name') }}
)

{{ latest_by_key('read', ['coalesce(area_code, area_name_as_sent)', 'start_date'],
    snapshot_order(),
    ['area_code', 'area_name_as_sent', 'start_date', 'end_date', 'input_body', 'input_document', '_load_id', '_row_no']) }}
