-- grain: town_name_as_sent × period × pollutant_code
-- town × period × pollutant; of several files that tell it, the last part, then the last row
with read as (
    select
        coalesce(town.area_code, bare.area_code) as town_code,
        {{ tidy('r.town_name') }} as town_name_as_sent,
        {{ period_columns('r.period') }},
        coalesce(pol.pollutant_code, {{ squeeze('r.pollutant') }}) as pollutant_code,
        cast(r.emission_t as decimal(18, 6)) as emission_t,
        {{ tidy('r.emission_t_as_sent') }} as emission_as_sent,
        r.emission_t_qualifier as qualifier,
        {{ squeeze('r.input_basis') }} as input_basis,
        {{ tidy('r.input_body') }} as input_body,
        {{ tidy('r.input_document') }} as input_document,
        r._part,
        r._seq,
        r._load_id,
        r._row_no
    from {{ source('raw', 'env_statistics') }} as r
    left join {{ ref('pollutant_alias') }} as pol on {{ squeeze('r.pollutant') }} = pol.alias
    {{ join_town('r.town_name') }}
)

{{ latest_by_key(
    'read',
    ['coalesce(town_code, town_name_as_sent)', 'period', 'pollutant_code'],
    ['_part desc', '_seq desc', '_row_no desc', '_load_id desc'],
    ['town_code', 'town_name_as_sent', 'period_type', 'period', 'period_start_date', 'period_end_date',
     'pollutant_code', 'emission_t', 'emission_as_sent', 'qualifier', 'input_basis', 'input_body',
     'input_document', '_load_id', '_row_no']
) }}
