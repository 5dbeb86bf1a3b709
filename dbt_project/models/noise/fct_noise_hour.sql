-- grain: point_id × maturity × observed_at
-- one hour of a functional-zone station; rain and wind take the hour out of the statistics only by noise_rule, the
-- value stays. The night that begins at 22:00 belongs to that day, so hours after midnight carry the day before.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '小时读数', 'on': {'point_id': 'point_id', 'observed_at': 'observed_at',
        'maturity': 'maturity', 'averaging_minutes': '60'}}],
    'clause': "'gb3096_2008_3'"}) }}
with effective as (
    {{ effective_reading('evaluation', "substr(point_id, 1, 6) = 'noise:' and averaging_minutes = 60", ['maturity']) }}
),

wide as (
    select
        point_id, maturity, observed_at,
        {{ add_hours('observed_at', '-1') }} as started_at,
        {{ month_of(add_minutes('observed_at', '-1')) }} as month,
        max(case when factor_code = 'Leq' and statistic = 'leq' then effective_value end) as leq_db,
        max(case when factor_code = 'LMx' and statistic = 'max' then effective_value end) as lmax_db,
        max(case when factor_code = 'L10' and statistic = 'l10' then effective_value end) as l10_db,
        max(case when factor_code = 'L50' and statistic = 'l50' then effective_value end) as l50_db,
        max(case when factor_code = 'L90' and statistic = 'l90' then effective_value end) as l90_db,
        max(case when factor_code = 'noise_rain' and statistic = 'total' then effective_value end) as rain_mm,
        max(case when factor_code = 'noise_wind' and statistic = 'mean' then effective_value end) as wind_m_s
    from effective
    group by point_id, maturity, observed_at
),

rules as (
    {{ noise_rules() }}
),

judged as (
    select
        w.*, p.period_kind,
        {{ add_days('w.started_at', 'case when p.start_hour_no > p.end_hour_no and ' ~ hour_of('w.started_at')
            ~ ' < p.end_hour_no then -1 else 0 end') }} as noise_date,
        coalesce(w.rain_mm > rain.value, false) as is_rain,
        coalesce(w.wind_m_s > wind.value, false) as is_wind,
        {{ worst_status_of(['rain.status', 'wind.status', 'p.status']) }} as status
    from wide as w
    inner join {{ ref('noise_period') }} as p
        on {{ in_force(date_of('w.started_at'), 'p.') }}
        and (
            (p.start_hour_no < p.end_hour_no and {{ hour_of('w.started_at') }} >= p.start_hour_no
                and {{ hour_of('w.started_at') }} < p.end_hour_no)
            or (p.start_hour_no > p.end_hour_no
                and ({{ hour_of('w.started_at') }} >= p.start_hour_no or {{ hour_of('w.started_at') }} < p.end_hour_no))
        )
    left join rules as rain
        on rain.rule = 'rain_above_mm' and {{ in_force(date_of('w.started_at'), 'rain.') }}
    left join rules as wind
        on wind.rule = 'wind_above_m_s' and {{ in_force(date_of('w.started_at'), 'wind.') }}
)

select
    point_id, maturity, observed_at, started_at, noise_date, period_kind, month, leq_db, lmax_db, l10_db, l50_db, l90_db,
    rain_mm, wind_m_s,
    is_rain or is_wind as is_weather_excluded,
    nullif(concat_ws('、', case when is_rain then '有雨' end, case when is_wind then '大风' end), '') as exclusion_reason_zh,
    case when not (is_rain or is_wind) then leq_db end as valid_leq_db,
    case when not (is_rain or is_wind) then lmax_db end as valid_lmax_db,
    status
from judged
