-- grain: point_id × factor_code × month × maturity
-- month means; of pH the mean of the hydrogen ions
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_water_item', 'label_zh': '单次值', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code',
        'month': 'month', 'maturity': 'maturity'}}]}) }}
select
    point_id, factor_code, month, maturity,
    case
        when factor_code = 'w01001' then {{ ph_of_hydrogen(mean(hydrogen_nmol('value'), 6)) }}
        else cast({{ mean('value', 6) }} as decimal(18, 6))
    end as value,
    count(value) as reading_count,
    count(distinct {{ date_of('observed_at') }}) as day_count
from {{ ref('fct_water_item') }}
where value is not null
group by point_id, factor_code, month, maturity
