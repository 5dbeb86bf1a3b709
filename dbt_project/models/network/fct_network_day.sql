-- grain: point_id × factor_code × statistic × averaging_minutes × cadence × period_start_date
-- Expected against received, per point, series and day (or month, quarter, half year, year, as the series' cadence says).
-- States tell of the device, not of the environment: they remove no value.
{{ config(meta={'lookback_hours': 0, 'evidence': [
    {'parent': 'int_network_day', 'label_zh': '逐日到数', 'on': {
        'point_id': 'point_id', 'factor_code': 'factor_code', 'statistic': 'statistic',
        'averaging_minutes': 'averaging_minutes', 'observed_date >=': 'period_start_date',
        'observed_date <': 'period_end_date'}},
    {'parent': 'fct_expected', 'label_zh': '应有序列', 'on': {
        'point_id': 'point_id', 'factor_code': 'factor_code', 'statistic': 'statistic',
        'averaging_minutes': 'averaging_minutes', 'cadence': 'cadence', 'period_start_date': 'period_start_date'}}]}) }}
with series as (
    select distinct point_id, factor_code, statistic, averaging_minutes, cadence from {{ ref('fct_expected') }}
),

summed as (
    select
        d.point_id, d.factor_code, d.statistic, d.averaging_minutes, s.cadence,
        {{ cadence_start('d.observed_date', 's.cadence') }} as period_start_date,
        sum(d.received_count) as received_count, sum(d.told_count) as told_count, sum(d.valid_count) as valid_count,
        sum(d.stuck_count) as stuck_count, sum(d.out_of_range_count) as out_of_range_count,
        sum(d.removed_count) as removed_count, sum(d.off_grid_count) as off_grid_count,
        sum(d.off_hour_count) as off_hour_count,
        max(case when d.is_outside_window then 1 else 0 end) as outside_count,
        max(d.last_observed_at) as last_observed_at
    from {{ ref('int_network_day') }} as d
    inner join series as s
        on d.point_id = s.point_id and d.factor_code = s.factor_code and d.statistic = s.statistic
        and d.averaging_minutes = s.averaging_minutes
    group by
        d.point_id, d.factor_code, d.statistic, d.averaging_minutes, s.cadence,
        {{ cadence_start('d.observed_date', 's.cadence') }}
),

came as (
    select
        e.point_id, e.factor_code, e.statistic, e.averaging_minutes, e.cadence, e.period_start_date, e.period_end_date,
        e.medium, e.role, e.town_code, e.expected_count, e.month, e.status,
        coalesce(d.received_count, 0) as received_count,
        coalesce(d.told_count, 0) as told_count,
        coalesce(d.valid_count, 0) as valid_count,
        coalesce(d.stuck_count, 0) as stuck_count,
        coalesce(d.out_of_range_count, 0) as out_of_range_count,
        coalesce(d.removed_count, 0) as removed_count,
        -- a moment has no grid of its own; of an automatic one (a day's cadence, hours apart) the full hour is
        coalesce(case
            when e.averaging_minutes > 0 then d.off_grid_count
            when e.cadence = 'day' and e.expected_count > 1 and e.expected_count <= 24 then d.off_hour_count
        end, 0) as off_grid_count,
        coalesce(d.outside_count, 0) = 1 as is_outside_window,
        d.last_observed_at
    from {{ ref('fct_expected') }} as e
    left join summed as d
        on e.point_id = d.point_id and e.factor_code = d.factor_code and e.statistic = d.statistic
        and e.averaging_minutes = d.averaging_minutes and e.cadence = d.cadence
        and e.period_start_date = d.period_start_date
)

select
    c.point_id, c.factor_code, c.statistic, c.averaging_minutes, c.cadence, c.period_start_date, c.period_end_date,
    c.medium, c.role, c.town_code, c.expected_count,
    cast(c.received_count as bigint) as received_count,
    cast(c.told_count as bigint) as told_count,
    cast(c.valid_count as bigint) as valid_count,
    cast(100 * {{ ratio('least(c.told_count, c.expected_count)', 'c.expected_count', 12) }} as decimal(18, 6)) as capture_pct,
    cast(100 * {{ ratio('least(c.valid_count, c.expected_count)', 'c.expected_count', 12) }} as decimal(18, 6)) as valid_pct,
    cast(c.stuck_count as bigint) as stuck_count,
    cast(c.out_of_range_count as bigint) as out_of_range_count,
    cast(c.removed_count as bigint) as removed_count,
    cast(c.off_grid_count as bigint) as off_grid_count,
    c.is_outside_window,
    c.received_count = 0 as is_silent,
    c.stuck_count > 0 as is_stuck,
    c.out_of_range_count > 0 as is_out_of_range,
    c.off_grid_count > 0 or c.is_outside_window as is_clock_shifted,
    case when r.min_valid_count is not null then c.valid_count >= r.min_valid_count end as is_complete,
    case
        when r.min_valid_count is null then coalesce(r.reason_zh, '未评价（缺标准）')
        when c.valid_count < r.min_valid_count
            then concat('有效 ', cast(c.valid_count as varchar), ' 个，少于要求的 ', cast(r.min_valid_count as varchar), ' 个')
    end as reason_zh,
    r.clause_id,
    c.last_observed_at,
    c.month,
    case when 'illustrative' in (c.status, r.status) then 'illustrative' when 'unverified' in (c.status, r.status) then 'unverified'
        else c.status end as status
from came as c
left join {{ ref('completeness_rule') }} as r
    on c.medium = r.medium and c.factor_code = r.factor_code and c.statistic = r.statistic
    and c.averaging_minutes = r.averaging_minutes and c.cadence = r.cadence and {{ in_force('c.period_start_date', 'r.') }}
