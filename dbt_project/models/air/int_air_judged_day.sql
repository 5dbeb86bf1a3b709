-- grain: subject_type × subject_id × air_date × regime × maturity
-- An area's value is the mean of its points' concentrations within one maturity, never a mean of their indices. Every
-- maturity has its row; is_chosen marks the day's own: a point's as int_air_day says, an area's the one of most points.
{{ config(contract={'enforced': true}, meta={'publish': true, 'lookback_hours': 24, 'evidence': [
    {'parent': 'int_air_day', 'label_zh': '点位日统计', 'on': {'point_id in': 'point_ids', 'air_date': 'air_date',
        'maturity': 'maturity'}}],
    'clause': '(select g.clause_id from build.air_regime g where g.regime = r.regime)'}) }}
{%- set values = ['so2_ug_m3', 'no2_ug_m3', 'co_mg_m3', 'pm10_ug_m3', 'pm25_ug_m3', 'o3_max_8h_ug_m3', 'o3_max_1h_ug_m3'] %}
{%- set items = [
    ['iaqi_so2', 'SO2', 'mean_24h', 'so2_ug_m3'], ['iaqi_no2', 'NO2', 'mean_24h', 'no2_ug_m3'],
    ['iaqi_co', 'CO', 'mean_24h', 'co_mg_m3'], ['iaqi_pm10', 'PM10', 'mean_24h', 'pm10_ug_m3'],
    ['iaqi_pm25', 'PM2_5', 'mean_24h', 'pm25_ug_m3'], ['iaqi_o3_8h', 'O3', 'max_8h', 'o3_max_8h_ug_m3'],
    ['iaqi_o3_1h', 'O3', 'max_1h', 'o3_max_1h_ug_m3']] %}
with rules as (
    {{ air_rules(['good_day_max_aqi', 'primary_min_aqi', 'day_required_items', 'area_min_point_share_pct']) }}
),

point_days as (
    select
        'point' as subject_type, point_id as subject_id, air_date, regime, month, maturity, is_chosen,
        cast(1 as bigint) as point_count, cast(1 as bigint) as expected_point_count,
        case when so2_hour_count >= day_min_hours then so2_mean_ug_m3 end as so2_ug_m3,
        case when no2_hour_count >= day_min_hours then no2_mean_ug_m3 end as no2_ug_m3,
        case when co_hour_count >= day_min_hours then co_mean_mg_m3 end as co_mg_m3,
        case when pm10_hour_count >= day_min_hours then pm10_mean_ug_m3 end as pm10_ug_m3,
        case when pm25_hour_count >= day_min_hours then pm25_mean_ug_m3 end as pm25_ug_m3,
        case when is_o3_valid then o3_max_8h_ug_m3 end as o3_max_8h_ug_m3,
        case when is_o3_valid then o3_max_1h_ug_m3 end as o3_max_1h_ug_m3,
        case when coalesce(hour_status, 'verified') <> 'verified' then hour_status else o3_status end as input_status,
        point_id as point_ids
    from {{ ref('int_air_day') }}
),

expected as (
    select m.area_code, d.air_date, count(*) as expected_point_count
    from {{ ref('int_air_area_point') }} as m
    inner join (select distinct air_date from {{ ref('int_air_day') }}) as d on {{ in_force('d.air_date', 'm.') }}
    group by m.area_code, d.air_date
),

area_means as (
    select
        m.area_code, p.air_date, p.regime, p.month, p.maturity,
        count(*) as point_count,
        {{ join_text('p.subject_id') }} as point_ids,
        {{ worst_status('p.input_status') }} as input_status
        {%- for v in values %},
        {{ mean('p.' ~ v, 6) }} as {{ v }},
        count(p.{{ v }}) as {{ v }}_points
        {%- endfor %}
    from point_days as p
    inner join {{ ref('int_air_area_point') }} as m
        on p.subject_id = m.point_id and {{ in_force('p.air_date', 'm.') }}
    group by m.area_code, p.air_date, p.regime, p.month, p.maturity
),

area_days as (
    select
        'area' as subject_type, a.area_code as subject_id, a.air_date, a.regime, a.month,
        a.maturity,
        row_number() over (
            partition by a.area_code, a.air_date, a.regime
            order by a.point_count desc, coalesce(k.rank_no, 99), a.maturity
        ) = 1 as is_chosen,
        a.point_count, e.expected_point_count
        {%- for v in values %},
        case
            when r.area_min_point_share_pct is null
                or a.{{ v }}_points * 100 >= r.area_min_point_share_pct * e.expected_point_count
                then a.{{ v }}
        end as {{ v }}
        {%- endfor %},
        coalesce(a.input_status, 'verified') as input_status,
        a.point_ids
    from area_means as a
    inner join rules as r on a.regime = r.regime
    left join expected as e on a.area_code = e.area_code and a.air_date = e.air_date
    left join {{ ref('reading_priority') }} as k
        on k.purpose = 'evaluation' and k.aspect = 'maturity' and k.code = a.maturity
),

subject_days as (
    select subject_type, subject_id, air_date, regime, month, maturity, is_chosen, point_count, expected_point_count,
        {{ values | join(', ') }}, input_status, point_ids
    from point_days
    union all
    select subject_type, subject_id, air_date, regime, month, maturity, is_chosen, point_count, expected_point_count,
        {{ values | join(', ') }}, input_status, point_ids
    from area_days
),

told as (
    {%- for i in items %}
    select regime, month, '{{ i[1] }}' as factor_code, '{{ i[2] }}' as statistic, {{ i[3] }} as concentration
    from subject_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

lookup as (
    {{ air_iaqi('told', 'day') }}
),

indexed as (
    select
        s.*,
        {%- for i in items %}
        {{ i[0] }}.iaqi as {{ i[0] }},
        {%- endfor %}
        greatest({% for i in items %}{{ i[0] }}.iaqi{{ ', ' if not loop.last }}{% endfor %}) as highest_iaqi,
        {% for v in values if v != 'o3_max_1h_ug_m3' %}case when s.{{ v }} is null then 0 else 1 end{{ ' + ' if not loop.last }}{% endfor %}
            as valid_item_count
    from subject_days as s
    {{ air_iaqi_joins(items, 'lookup', 's') }}
),

judged as (
    select
        i.*, r.good_day_max_aqi, r.primary_min_aqi,
        -- a missing item makes the day void unless another one exceeds anyway
        coalesce(i.valid_item_count >= r.day_required_items or i.highest_iaqi > r.good_day_max_aqi, false) as is_valid,
        i.valid_item_count < r.day_required_items as is_short
    from indexed as i
    inner join rules as r on i.regime = r.regime
)

select
    j.subject_type, j.subject_id, j.air_date, j.regime,
    {{ in_force('j.air_date', 'g.') }} as is_in_force,
    j.is_chosen, j.month, j.maturity, j.point_ids, j.point_count, j.expected_point_count,
    {% for v in values %}cast(j.{{ v }} as decimal(18, 6)) as {{ v }}, {% endfor %}
    j.iaqi_so2, j.iaqi_no2, j.iaqi_co, j.iaqi_pm10, j.iaqi_pm25, j.iaqi_o3_8h, j.iaqi_o3_1h,
    case when j.is_valid then j.highest_iaqi end as aqi,
    c.level_no, c.category_zh,
    case when j.is_valid then {{ air_primary([['PM2_5', 'j.iaqi_pm25'], ['PM10', 'j.iaqi_pm10'],
        ['O3', 'j.iaqi_o3_8h', 'j.iaqi_o3_1h'], ['NO2', 'j.iaqi_no2'], ['SO2', 'j.iaqi_so2'], ['CO', 'j.iaqi_co']],
        'j.highest_iaqi', 'j.primary_min_aqi') }} end as primary_factor,
    cast(j.valid_item_count as bigint) as valid_item_count,
    j.is_valid,
    case when j.is_valid then j.highest_iaqi <= j.good_day_max_aqi end as is_good,
    case when j.is_short then concat('有效监测不足：', concat_ws('、',
        case when j.so2_ug_m3 is null then 'SO2' end, case when j.no2_ug_m3 is null then 'NO2' end,
        case when j.co_mg_m3 is null then 'CO' end, case when j.pm10_ug_m3 is null then 'PM10' end,
        case when j.pm25_ug_m3 is null then 'PM2.5' end, case when j.o3_max_8h_ug_m3 is null then 'O3' end)) end
        as reason_zh,
    g.clause_id,
    case
        when j.input_status = 'illustrative' then 'illustrative'
        when j.is_short or j.input_status <> 'verified' then 'unverified'
        else g.status
    end as status
from judged as j
inner join {{ ref('air_regime') }} as g on j.regime = g.regime
left join {{ ref('air_aqi_category') }} as c
    on j.is_valid and j.highest_iaqi >= c.aqi_low and j.highest_iaqi <= c.aqi_high
