-- grain: area_code × pollutant_code × period × source_kind
-- three kinds of sources and their total, which is their exact sum, or withheld with the kinds that are missing; the district
-- is the sum of its towns
{{ config(meta={'evidence': [
    {'parent': 'fct_emission_line', 'label_zh': '活动水平与因子', 'on': {'period': 'period', 'pollutant_code': 'pollutant_code',
        'area_code in': "case when length(r.area_code) = 6 then (select string_agg(a.area_code, ',') from build.dim_area a where a.parent_code = r.area_code) else r.area_code end"}},
    {'parent': 'int_register_period', 'label_zh': '环境统计', 'on': {'period': 'period', 'item_code': "concat('emission_', pollutant_code)",
        'area_code in': "case when length(r.area_code) = 6 then (select string_agg(a.area_code, ',') from build.dim_area a where a.parent_code = r.area_code) else r.area_code end"}}]}) }}
with towns as (
    select area_code, parent_code from {{ ref('dim_area') }} where area_type = 'town'
),

stationary as (
    select
        area_code, substr(item_code, 10) as pollutant_code, period_type, period, period_start_date, period_end_date, value as emission_t,
        concat('环境统计（', coalesce(input_basis, '口径不明'), '）') as method_version,
        case when value is null then '固定源未报送' end as reason_zh,
        case when input_basis in ('统计公布', '部门核定', '监测认定') then 'verified' else 'unverified' end as status
    from {{ ref('int_register_period') }}
    where item_code like 'emission_%'
),

lines as (
    select
        area_code, pollutant_code, period_type, period, period_start_date, period_end_date, source_kind,
        case when count(*) = count(emission_t) then cast(sum(emission_t) as decimal(18, 6)) end as emission_t,
        {{ join_text('method_version', '；', distinct=true) }} as method_version,
        {{ join_text("case when reason_zh is not null then concat(sub_source, reason_zh) end", '；', distinct=true) }} as reason_zh,
        {{ worst_status('status') }} as status
    from {{ ref('fct_emission_line') }}
    group by area_code, pollutant_code, period_type, period, period_start_date, period_end_date, source_kind
),

told as (
    select area_code, pollutant_code, period_type, period, period_start_date, period_end_date, 'stationary' as source_kind, emission_t,
        method_version, reason_zh, status
    from stationary
    union all
    select area_code, pollutant_code, period_type, period, period_start_date, period_end_date, source_kind, emission_t, method_version,
        reason_zh, status
    from lines
),

spine as (
    select p.pollutant_code, p.period_type, p.period, p.period_start_date, p.period_end_date, t.area_code, t.parent_code, s.source_kind,
        s.is_applicable, s.status as scope_status
    from (select distinct pollutant_code, period_type, period, period_start_date, period_end_date from told) as p
    cross join towns as t
    inner join {{ ref('emission_ledger_scope') }} as s on p.pollutant_code = s.pollutant_code
),

of_town as (
    select
        s.area_code, s.parent_code, s.pollutant_code, s.period_type, s.period, s.period_start_date, s.period_end_date, s.source_kind,
        s.is_applicable,
        case when s.is_applicable then t.emission_t else cast(0 as decimal(18, 6)) end as emission_t,
        t.method_version,
        case
            when not s.is_applicable then '不适用'
            when t.area_code is null then '未报送'
            else t.reason_zh
        end as reason_zh,
        case when s.is_applicable then coalesce(t.status, 'unverified') else s.scope_status end as status
    from spine as s
    left join told as t
        on s.area_code = t.area_code and s.pollutant_code = t.pollutant_code and s.period = t.period and s.source_kind = t.source_kind
),

of_kind as (
    select area_code, 1 as town_count, case when emission_t is not null then 1 else 0 end as told_town_count, pollutant_code, period_type, period,
        period_start_date, period_end_date, source_kind, is_applicable, emission_t, method_version, reason_zh, status
    from of_town
    union all
    select
        parent_code, count(*), count(emission_t), pollutant_code, period_type, period, period_start_date, period_end_date, source_kind,
        max(case when is_applicable then 1 else 0 end) = 1,
        case when count(*) = count(emission_t) then cast(sum(emission_t) as decimal(18, 6)) end,
        {{ join_text('method_version', '；', distinct=true) }},
        case
            when max(case when is_applicable then 1 else 0 end) = 0 then '不适用'
            when count(*) > count(emission_t)
                then concat('缺数：', cast(count(*) as varchar), ' 个镇街中 ', cast(count(emission_t) as varchar), ' 个有数')
        end,
        {{ worst_status('status') }}
    from of_town
    group by parent_code, pollutant_code, period_type, period, period_start_date, period_end_date, source_kind
),

total as (
    select
        area_code, pollutant_code, period_type, period, period_start_date, period_end_date,
        case when count(*) = count(emission_t) then cast(sum(emission_t) as decimal(18, 6)) end as emission_t,
        {{ join_text("case when is_applicable then method_version end", '；', distinct=true) }} as method_version,
        {{ join_text("case when emission_t is null then case source_kind when 'stationary' then '固定源' when 'mobile' then '移动源' else '面源' end end",
            '、') }} as missing_zh,
        max(town_count) as town_count,
        min(told_town_count) as told_town_count,
        {{ worst_status('status') }} as status
    from of_kind
    group by area_code, pollutant_code, period_type, period, period_start_date, period_end_date
)

select
    area_code, pollutant_code, period_type, period, period_start_date, period_end_date, source_kind, is_applicable, emission_t,
    method_version, cast(town_count as bigint) as town_count, cast(told_town_count as bigint) as told_town_count, reason_zh, status
from of_kind
union all
select
    area_code, pollutant_code, period_type, period, period_start_date, period_end_date, 'total', true, emission_t, method_version,
    cast(town_count as bigint), cast(told_town_count as bigint),
    case when emission_t is null then concat('合计不出：缺', missing_zh) end, status
from total
