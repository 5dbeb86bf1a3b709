-- grain: kind × outlet_id × factor_code × observed_at × compliance_statistic
-- every exceedance and every warning with its figure, permit and evidence; observed_at is the END of the hour or day
{{ config(meta={'lookback_hours': 24, 'evidence': [
    {'parent': 'fct_source_hour_judgement', 'label_zh': '小时判定', 'when': "kind not like '%_day_exceedance'",
        'on': {'outlet_id': 'outlet_id', 'factor_code': 'factor_code', 'observed_at': 'observed_at',
            'compliance_statistic': 'compliance_statistic'}},
    {'parent': 'fct_source_day_judgement', 'label_zh': '日判定', 'when': "kind like '%_day_exceedance'",
        'on': {'outlet_id': 'outlet_id', 'factor_code': 'factor_code', 'date_day': 'date_day',
            'compliance_statistic': 'compliance_statistic'}}]}) }}
with told as (
    select
        case
            when compliance_statistic = 'range' then 'range_hour_exceedance'
            when judgement = 'warning' then 'water_hour_warning'
            when medium = 'gas' then 'gas_hour_exceedance'
            else 'water_hour_exceedance'
        end as kind,
        outlet_id, site_code, medium, factor_code, compliance_statistic, observed_at, date_day, month, judged_value, limit_value,
        limit_low, limit_unit, exceedance_multiple, permit_no, cast(1 as bigint) as hour_count, source, _load_id, _row_no
    from {{ ref('fct_source_hour_judgement') }}
    where judgement in ('exceedance', 'warning')
    union all
    select
        case when medium = 'gas' then 'gas_day_exceedance' else 'water_day_exceedance' end,
        outlet_id, site_code, medium, factor_code, compliance_statistic,
        cast({{ add_days('date_day', 1) }} as timestamp), date_day, month, judged_value, limit_value,
        cast(null as decimal(18, 6)), limit_unit, exceedance_multiple, permit_no, valid_hour_count, source,
        cast(null as varchar), cast(null as bigint)
    from {{ ref('fct_source_day_judgement') }}
    where judgement = 'exceedance'
)

select
    t.kind, t.outlet_id, t.site_code, s.enterprise_id, s.enterprise_name, s.town_code, t.medium, t.factor_code,
    f.name_zh as factor_name_zh, t.compliance_statistic, t.observed_at, t.date_day, t.month, t.judged_value, t.limit_value,
    t.limit_low, t.limit_unit, t.exceedance_multiple, t.permit_no,
    'permit_reg_17' as clause_id, t.hour_count, t.source, t._load_id, t._row_no
from told as t
left join {{ ref('dim_site') }} as s on t.site_code = s.site_code
left join {{ ref('dim_factor') }} as f on t.factor_code = f.factor_code
