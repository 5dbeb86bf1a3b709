-- grain: source × month
-- what each source sent by month of its windows, what was rejected, blank, unknown, below detection or flagged, and how fresh it
-- is at as_of; a source without any load has one row without a month
with sources as (
    {{ declared_sources() }}
),

loads as (
    select
        source,
        {{ month_of('window_start') }} as month,
        cast(count(*) as bigint) as load_count,
        cast(sum(records_in) as bigint) as record_count,
        cast(sum(rows_in) as bigint) as row_count,
        cast(sum(rows_loaded) as bigint) as loaded_row_count,
        cast(sum(rows_rejected) as bigint) as rejected_row_count
    from {{ source('raw', 'load_ledger') }}
    group by source, {{ month_of('window_start') }}
),

kinds as (
    select
        source, month, point_id, factor_code, averaging_minutes, statistic, maturity, value_origin,
        count(*) as reading_count,
        sum(case when value is null and qualifier is null then 1 else 0 end) as blank_count,
        sum(case when null_reason = 'unknown_item' then 1 else 0 end) as unknown_item_count,
        sum(case when qualifier = '<' then 1 else 0 end) as below_detection_count,
        sum(case when flag_device is not null and flag_device <> 'N' then 1 else 0 end) as device_flag_count,
        sum(case when flag_rule is not null and flag_rule <> '' then 1 else 0 end) as rule_flag_count,
        sum(case when flag_human is not null and flag_human <> '' then 1 else 0 end) as human_flag_count,
        sum(case when value is not null or qualifier is not null then 1 else 0 end) as told_count,
        max(observed_at) as last_at
    from {{ ref('fct_reading') }}
    group by source, month, point_id, factor_code, averaging_minutes, statistic, maturity, value_origin
),

-- within one kind a time stands once; only where several kinds tell a series are its times told apart
several as (
    select source, month, point_id, factor_code, averaging_minutes
    from kinds
    where told_count > 0 and averaging_minutes > 0
    group by source, month, point_id, factor_code, averaging_minutes
    having count(*) > 1
),

shared_times as (
    select source, month, point_id, factor_code, averaging_minutes, count(*) as time_count
    from (
        select distinct f.source, f.month, f.point_id, f.factor_code, f.averaging_minutes, f.observed_at
        from {{ ref('fct_reading') }} as f
        inner join several as s
            on f.source = s.source and f.month = s.month and f.point_id = s.point_id
            and f.factor_code = s.factor_code and f.averaging_minutes = s.averaging_minutes
        where f.value is not null or f.qualifier is not null
    ) as t
    group by source, month, point_id, factor_code, averaging_minutes
),

series as (
    select
        k.source, k.month, k.point_id, k.factor_code, k.averaging_minutes,
        sum(k.reading_count) as reading_count,
        sum(k.blank_count) as blank_count,
        sum(k.unknown_item_count) as unknown_item_count,
        sum(k.below_detection_count) as below_detection_count,
        sum(k.device_flag_count) as device_flag_count,
        sum(k.rule_flag_count) as rule_flag_count,
        sum(k.human_flag_count) as human_flag_count,
        coalesce(max(t.time_count), sum(k.told_count)) as time_count,
        max(k.last_at) as last_at
    from kinds as k
    left join shared_times as t
        on k.source = t.source and k.month = t.month and k.point_id = t.point_id
        and k.factor_code = t.factor_code and k.averaging_minutes = t.averaging_minutes
    group by k.source, k.month, k.point_id, k.factor_code, k.averaging_minutes
),

readings as (
    select
        source,
        month,
        cast(sum(reading_count) as bigint) as reading_count,
        cast(sum(blank_count) as bigint) as blank_count,
        cast(sum(unknown_item_count) as bigint) as unknown_item_count,
        cast(sum(below_detection_count) as bigint) as below_detection_count,
        cast(sum(device_flag_count) as bigint) as device_flag_count,
        cast(sum(rule_flag_count) as bigint) as rule_flag_count,
        cast(sum(human_flag_count) as bigint) as human_flag_count,
        cast(sum(case when averaging_minutes > 0 then time_count end) as bigint) as captured_count,
        -- intervals that a series could have filled in the month, up to as_of
        cast(sum(case
            when averaging_minutes > 0 then {{ int_div(seconds_between('cast(month as timestamp)',
                'least(cast(' ~ add_months('month', 1) ~ ' as timestamp), ' ~ as_of() ~ ')'), '(60 * averaging_minutes)') }}
        end) as bigint) as capturable_count
    from series
    where month is not null and cast(month as timestamp) < {{ as_of() }}
    group by source, month
),

cases as (
    select
        source, month,
        cast(count(*) as bigint) as finding_count
    from {{ ref('fct_case_finding') }}
    group by source, month
),

latest as (
    select source, max(last_at) as last_at
    from (
        select source, max(last_at) as last_at from series
        group by source
        union all
        select source, max(coalesce(updated_at, replied_at, received_at)) as last_at from {{ ref('fct_case') }}
        group by source
        union all
        select source, max(cast(window_end as timestamp)) as last_at from {{ source('raw', 'load_ledger') }}
        where source not in (select source from series)
        group by source
    ) as told
    where last_at <= {{ as_of() }}
    group by source
),

keys as (
    select source, month from loads
    union
    select source, month from readings
    union
    select source, month from cases
),

ever as (
    select source, cast(count(*) as bigint) as ever_count from {{ source('raw', 'load_ledger') }}
    group by source
)

select
    'data_quality' as indicator_code,
    s.source as subject_id,
    s.source_name_zh,
    s.owner_zh,
    s.provider,
    s.source,
    k.month,
    case when k.month is not null then {{ period_label('k.month', 'month') }} end as period,
    coalesce(l.load_count, 0) as load_count,
    coalesce(l.record_count, 0) as record_count,
    coalesce(l.row_count, 0) as row_count,
    coalesce(l.loaded_row_count, 0) as loaded_row_count,
    coalesce(l.rejected_row_count, 0) as rejected_row_count,
    cast({{ ratio('l.rejected_row_count * 100', 'l.row_count', 6) }} as decimal(18, 6)) as rejected_share_pct,
    r.reading_count,
    r.blank_count,
    cast({{ ratio('r.blank_count * 100', 'r.reading_count', 6) }} as decimal(18, 6)) as blank_share_pct,
    r.unknown_item_count,
    r.below_detection_count,
    r.device_flag_count,
    r.rule_flag_count,
    r.human_flag_count,
    cast({{ ratio('r.captured_count * 100', 'r.capturable_count', 6) }} as decimal(18, 6)) as capture_pct,
    coalesce(c.finding_count, 0) as finding_count,
    t.last_at,
    s.freshness_hours,
    case when e.ever_count is null then null else {{ int_div(seconds_between('t.last_at', as_of()), '3600') }} end as age_hours,
    case
        when e.ever_count is null then 'never'
        when t.last_at is null then 'unknown'
        when {{ seconds_between('t.last_at', as_of()) }} > s.freshness_hours * 3600 then 'stale'
        else 'fresh'
    end as freshness,
    case
        when e.ever_count is null and s.is_optional then '未接入（可选来源）'
        when e.ever_count is null then '尚无任何装载'
        when t.last_at is null then '无法判断新鲜度：没有可用的时间'
        when {{ seconds_between('t.last_at', as_of()) }} > s.freshness_hours * 3600
            then concat('数据陈旧：最近至 ', cast(t.last_at as varchar))
    end as reason_zh
from sources as s
left join keys as k on s.source = k.source
left join loads as l on k.source = l.source and k.month is not distinct from l.month
left join readings as r on k.source = r.source and k.month is not distinct from r.month
left join cases as c on k.source = c.source and k.month is not distinct from c.month
left join latest as t on s.source = t.source
left join ever as e on s.source = e.source
