-- grain: town_name_as_sent × period × source_kind × sub_source × pollutant_code
with named as (
    select
        coalesce(town.area_code, bare.area_code) as town_code,
        {{ tidy('r.town_name') }} as town_name_as_sent,
        {{ period_columns('r.period') }},
        case {{ squeeze('r.source_kind') }} when '移动源' then 'mobile' when '面源' then 'area' end as source_kind,
        {{ tidy('r.sub_source') }} as sub_source,
        coalesce(pol.pollutant_code, {{ squeeze('r.pollutant') }}) as pollutant_code,
        r.activity_amount,
        {{ tidy('r.activity_unit') }} as activity_unit,
        r.factor_kg_unit,
        {{ tidy('r.factor_source') }} as factor_source,
        {{ tidy('r.method_version') }} as method_version,
        r._part, r._seq, r._load_id, r._row_no
    from {{ source('raw', 'emission_activity') }} as r
    left join {{ ref('pollutant_alias') }} as pol on {{ squeeze('r.pollutant') }} = pol.alias
    {{ join_town('r.town_name') }}
)

{{ latest_by_key(
    'named', ['coalesce(town_code, town_name_as_sent)', 'period', 'source_kind', 'sub_source', 'pollutant_code'],
    snapshot_order(),
    ['town_code', 'town_name_as_sent', 'period_type', 'period', 'period_start_date', 'period_end_date', 'source_kind', 'sub_source',
     'pollutant_code', 'activity_amount', 'activity_unit', 'factor_kg_unit', 'factor_source', 'method_version', '_load_id', '_row_no']
) }}
