-- grain: area_code × item_code × period
-- an amount of a quarter or a year that was not reported is the sum of its months or quarters, if none is lacking
with usable as (
    select
        area_code, area_type, parent_code, item_code, is_amount, period_type, period, period_start_date,
        period_end_date, case when is_applicable then value end as value, is_applicable, input_basis, input_body,
        input_document
    from {{ ref('fct_register_value') }}
),

sums as (
    {%- for pair in [['quarter', 'month', 3], ['year', 'quarter', 4], ['year', 'month', 12]] %}
    select
        area_code,
        min(area_type) as area_type,
        min(parent_code) as parent_code,
        item_code,
        '{{ pair[0] }}' as period_type,
        {{ period_label('period_start_date', pair[0]) }} as period,
        {{ period_start('period_start_date', pair[0]) }} as period_start_date,
        {{ period_end(period_start('period_start_date', pair[0]), pair[0]) }} as period_end_date,
        '{{ pair[1] }}' as summed_from,
        cast(sum(value) as decimal(18, 6)) as value,
        min(input_basis) as input_basis,
        min(input_body) as input_body,
        min(input_document) as input_document
    from usable
    where is_amount and period_type = '{{ pair[1] }}' and value is not null
    group by
        area_code, item_code, {{ period_label('period_start_date', pair[0]) }},
        {{ period_start('period_start_date', pair[0]) }}
    having count(*) = {{ pair[2] }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

together as (
    select
        area_code, area_type, parent_code, item_code, period_type, period, period_start_date, period_end_date, value, is_applicable,
        input_basis, input_body, input_document, cast(null as varchar) as summed_from, 0 as preference
    from usable
    union all
    select
        area_code, area_type, parent_code, item_code, period_type, period, period_start_date, period_end_date, value,
        true as is_applicable, input_basis, input_body, input_document, summed_from,
        case when summed_from = 'quarter' then 1 else 2 end as preference
    from sums
)

{{ latest_by_key(
    'together', ['area_code', 'item_code', 'period'],
    ['case when value is null and is_applicable then 1 else 0 end asc', 'preference asc'],
    ['area_code', 'area_type', 'parent_code', 'item_code', 'period_type', 'period', 'period_start_date',
     'period_end_date', 'value',
     'is_applicable', 'input_basis', 'input_body', 'input_document', 'summed_from']
) }}
