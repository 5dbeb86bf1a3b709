-- grain: town_name_as_sent × period
-- town × period; of several files that tell it, the last part, then the last row
with read as (
    select
        coalesce(town.area_code, bare.area_code) as town_code,
        {{ tidy('r.town_name') }} as town_name_as_sent,
        {{ period_columns('r.period') }},
        r.important_wetland_mu,
        r.protected_wetland_mu,
        coalesce(r.is_applicable, true) as is_applicable,
        {{ squeeze('r.input_basis') }} as input_basis,
        {{ tidy('r.input_body') }} as input_body,
        {{ tidy('r.input_document') }} as input_document,
        r._part,
        r._seq,
        r._load_id,
        r._row_no
    from {{ source('raw', 'wetland') }} as r
    {{ join_town('r.town_name') }}
)

{{ latest_by_key(
    'read',
    ['coalesce(town_code, town_name_as_sent)', 'period'],
    ['_part desc', '_seq desc', '_row_no desc', '_load_id desc'],
    ['town_code', 'town_name_as_sent', 'period_type', 'period', 'period_start_date', 'period_end_date',
     'important_wetland_mu', 'protected_wetland_mu', 'is_applicable', 'input_basis', 'input_body', 'input_document',
     '_load_id', '_row_no']
) }}
