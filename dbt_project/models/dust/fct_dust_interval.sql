-- grain: point_id × factor_code × observed_at × maturity
-- a site's value beside the mean of its background points at the same moment; without a background no excess is told
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'fct_reading', 'label_zh': '工地读数', 'on': {'point_id': 'point_id', 'factor_code': 'factor_code', 'observed_at': 'observed_at',
        'maturity': 'maturity'}},
    {'parent': 'fct_reading', 'label_zh': '对照点读数', 'on': {'factor_code': 'factor_code', 'observed_at': 'observed_at', 'maturity': 'maturity',
        'point_id in': "(select string_agg(k.to_point_id, ',') from build.dim_point_link k where k.link_kind = 'background' and k.from_point_id = r.point_id)"}}]}) }}
with effective as (
    {{ effective_reading('evaluation', "statistic = 'mean' and averaging_minutes = 5 and factor_code in ('TSP', 'PM10')
        and substr(point_id, 1, 5) = 'dust:'", ['maturity']) }}
),

links as (
    select from_point_id, to_point_id, valid_from, valid_to from {{ ref('dim_point_link') }} where link_kind = 'background'
),

backgrounds as (
    select
        l.from_point_id, b.factor_code, b.observed_at, b.maturity,
        cast({{ mean('b.effective_value', 6) }} as decimal(18, 6)) as background_ug_m3
    from effective as b
    inner join links as l on b.point_id = l.to_point_id and {{ in_force(date_of('b.observed_at'), 'l.') }}
    group by l.from_point_id, b.factor_code, b.observed_at, b.maturity
),

sites as (
    select distinct point_id from {{ ref('dim_point') }} where medium = 'dust' and role = 'site'
)

select
    e.point_id, e.factor_code, e.observed_at, {{ date_of(add_minutes('e.observed_at', '-1')) }} as date_day, e.month, e.maturity,
    e.effective_value as value_ug_m3, b.background_ug_m3, cast(e.effective_value - b.background_ug_m3 as decimal(18, 6)) as excess_ug_m3,
    case
        when e.effective_value is null then coalesce(e.null_reason, e.flag_human, e.flag_device, 'void')
        when b.background_ug_m3 is null then '无同时刻对照值'
    end as reason_zh
from effective as e
inner join sites as s on e.point_id = s.point_id
left join backgrounds as b
    on e.point_id = b.from_point_id and e.factor_code = b.factor_code and e.observed_at = b.observed_at and e.maturity = b.maturity
