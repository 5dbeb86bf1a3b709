-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity × value_origin × source
-- Hours made of finer readings: the mean of those that no mark voids, within one maturity, where enough minutes stand (seed
-- fine_hour_rule). fct_reading takes them beside the hours that stations report themselves; reading_priority chooses.
{%- set links = [] -%}
{%- for name in var('fine_models') -%}
    {%- do links.append({'parent': name, 'label_zh': '小时内的读数', 'on': {
        '_load_id': '_load_id', 'point_id': 'point_id', 'factor_code': 'factor_code', 'statistic': 'statistic', 'maturity': 'maturity',
        'value_origin': 'value_origin', 'source': 'source', 'observed_at >': add_hours('observed_at', '-1'), 'observed_at <=': 'observed_at'}}) -%}
{%- endfor %}
{{ config(contract={'enforced': true}, meta={'publish': true, 'by_month': true, 'lookback_hours': 1, 'evidence': links}) }}
{%- set readings -%}
(
        select u.*
        from (
            {{ union_models(var('fine_models'), reading_columns()) }}
        ) as u
        where u.observed_at > {{ batch_from() }} and u.observed_at <= {{ batch_to() }}
    )
{%- endset -%}
{%- set key = ['point_id', 'factor_code', 'statistic', 'observed_at', 'maturity', 'value_origin', 'source'] %}
with void_device as (
    select distinct flag from {{ ref('flag_effect') }} where is_void and flag_kind = 'device' and statistic = '*'
),

void_device_of as (
    select distinct flag, statistic from {{ ref('flag_effect') }} where is_void and flag_kind = 'device' and statistic <> '*'
),

void_rule as (
    select distinct {% for k in key %}f.{{ k }}{{ ', ' if not loop.last }}{% endfor %}, f.averaging_minutes
    from {{ ref('int_reading_fine_flag') }} as f
    inner join {{ ref('flag_effect') }} as e
        on e.is_void and e.flag_kind = 'rule' and e.statistic in ('*', f.statistic)
        and {{ is_named_in('e.flag', 'f.flag_rule', ',') }}
    where f.observed_at > {{ batch_from() }} and f.observed_at <= {{ batch_to() }}
),

-- without removals no reading is looked at: the side of the join that is empty ends it
void_human as (
    select distinct r.point_id, r.factor_code, r.observed_at
    from {{ readings }} as r
    inner join {{ ref('int_removal_span') }} as h
        on r.point_id = h.point_id
        and r.factor_code = h.factor_code
        and r.observed_at > h.observed_from
        and r.observed_at <= h.observed_to
),

judged as (
    select
        r.point_id, r.factor_code, r.statistic, r.averaging_minutes as reading_minutes, r.maturity, r.value_origin, r.source,
        {{ hour_end_of('r.observed_at') }} as observed_at,
        case when d.flag is null and s.flag is null and v.point_id is null and h.point_id is null then r.value end as valid_value,
        r._load_id, r._row_no
    from {{ readings }} as r
    left join void_device as d on r.flag_device = d.flag
    left join void_device_of as s on r.flag_device = s.flag and r.statistic = s.statistic
    left join void_rule as v
        on {% for k in key %}r.{{ k }} = v.{{ k }} and {% endfor %}r.averaging_minutes = v.averaging_minutes
    left join void_human as h
        on r.point_id = h.point_id and r.factor_code = h.factor_code and r.observed_at = h.observed_at
),

hours as (
    select
        {{ key | join(', ') }}, reading_minutes,
        count(*) as reading_count,
        count(valid_value) as valid_count,
        sum(valid_value) as valid_sum,
        min(_load_id) as _load_id,
        min(_row_no) as _row_no
    from judged
    group by {{ key | join(', ') }}, reading_minutes
),

ruled as (
    select
        h.*,
        h.valid_count * h.reading_minutes as valid_minutes,
        r.required_minutes, r.clause_id, r.status
    from hours as h
    left join {{ ref('fine_hour_rule') }} as r
        on h.factor_code = r.factor_code and h.statistic = r.statistic
        and {{ in_force(date_of(add_hours('h.observed_at', '-1')), 'r.') }}
)

select
    point_id, factor_code, statistic,
    60 as averaging_minutes,
    observed_at, maturity, value_origin,
    cast(case when valid_minutes >= required_minutes then {{ ratio('valid_sum', 'valid_count', 6) }} end as decimal(18, 6)) as value,
    cast(null as varchar) as value_as_sent,
    cast(null as varchar) as unit_as_sent,
    cast(null as varchar) as qualifier,
    cast(null as decimal(18, 6)) as detection_limit,
    cast(null as varchar) as flag_device,
    case
        when required_minutes is null then 'no_rule' when valid_minutes < required_minutes then 'too_few_minutes'
    end as null_reason,
    {{ month_of(add_hours('observed_at', '-1')) }} as month,
    source, _load_id, _row_no,
    cast(null as varchar) as _col,
    reading_count,
    cast(valid_minutes as bigint) as valid_minutes,
    cast(required_minutes as bigint) as required_minutes,
    case
        when required_minutes is null then '未评价（缺标准）：没有小时均值的有效性规定'
        when valid_minutes < required_minutes then concat(
            '有效 ', cast(cast(valid_minutes as bigint) as varchar), ' 分钟，少于 ', cast(cast(required_minutes as bigint) as varchar), ' 分钟')
    end as reason_zh,
    clause_id,
    coalesce(status, 'unverified') as status
from ruled
