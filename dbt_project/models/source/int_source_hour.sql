-- grain: outlet_id × factor_code × observed_at
-- the effective hourly readings of an outlet, one row per hour: measured mean, converted mean, amount, mark
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '小时读数', 'on': {'point_id': "concat('outlet:', outlet_id)",
        'factor_code': 'factor_code', 'observed_at': 'observed_at', 'averaging_minutes': '60'}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "averaging_minutes = 60 and point_id like 'outlet:%' and statistic in ('mean', 'mean_converted', 'total')") }}
),

substituted as (
    select
        substr(r.point_id, 8) as outlet_id, r.factor_code, r.observed_at, r.statistic, r.source, r.flag_device, r.flag_human,
        case
            when r.qualifier = '<' then cast({{ mul('r.detection_limit', 's.fraction', 6) }} as decimal(18, 6))
            else r.value
        end as value,
        r.month, r._load_id, r._row_no
    from effective as r
    left join {{ ref('dim_outlet') }} as o on r.point_id = concat('outlet:', o.outlet_id)
    left join {{ ref('water_detection_substitution') }} as s
        on s.medium = o.medium and s.statistic = case when r.statistic = 'total' then 'amount' else 'mean' end
        and {{ in_force(date_of('r.observed_at'), 's.') }}
)

select
    outlet_id, factor_code, observed_at,
    {{ add_hours('observed_at', -1) }} as interval_start_at,
    {{ date_of(add_hours('observed_at', -1)) }} as date_day,
    month,
    max(case when statistic = 'mean' then value end) as measured_value,
    max(case when statistic = 'mean_converted' then value end) as converted_value,
    max(case when statistic = 'total' then value end) as amount_value,
    min(flag_device) as flag_device,
    max(flag_human) as flag_human,
    min(source) as source,
    min(_load_id) as _load_id,
    min(_row_no) as _row_no
from substituted
group by outlet_id, factor_code, observed_at, month
