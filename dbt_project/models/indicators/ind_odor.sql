-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- a town without a station has no figure, and a month without watching has none either: neither is a zero
{{ config(meta={'evidence': [
    {'parent': 'fct_odor_day', 'label_zh': '异味站逐日', 'on': {
        'point_id in': "(select string_agg(distinct p.point_id, ',') from build.dim_point p where p.medium = 'air_odor'
            and (p.town_code = r.subject_id or r.subject_id = '330603'))",
        'date_day >=': 'period_start_date', 'date_day <': 'period_end_date'}}]}) }}
with placed as (
    select d.*, p.town_code
    from {{ ref('fct_odor_day') }} as d
    inner join {{ ref('dim_point') }} as p on d.point_id = p.point_id and {{ in_force('d.date_day', 'p.') }}
),

spread as (
    {%- for t in ['month', 'quarter', 'year'] %}
    select
        a.area_code, '{{ t }}' as period_type, {{ period_start('d.date_day', t) }} as period_start_date,
        d.date_day, d.maturity, d.value_count, d.episode_count
    from placed as d
    inner join {{ ref('dim_area') }} as w on d.town_code = w.area_code
    inner join {{ ref('dim_area') }} as a
        on a.area_type in ('town', 'district') and (a.area_code = w.area_code or a.area_code = w.parent_code)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        area_code, period_type, period_start_date,
        sum(value_count) as value_count, sum(episode_count) as episode_count,
        count(distinct case when value_count > 0 then date_day end) as watched_days,
        min(maturity) as first_maturity, max(maturity) as last_maturity
    from spread
    group by area_code, period_type, period_start_date
),

periods as (
    select distinct period_type, period_start_date from spread
),

stations as (
    select distinct a.area_code
    from {{ ref('dim_point') }} as p
    inner join {{ ref('dim_area') }} as w on p.town_code = w.area_code
    inner join {{ ref('dim_area') }} as a on a.area_code = w.area_code or a.area_code = w.parent_code
    where p.medium = 'air_odor'
),

filled as (
    select
        a.area_code, 'odor_episode_count' as indicator_code, p.period_type, p.period_start_date,
        n.area_code is not null as has_station,
        case when s.value_count > 0 then s.episode_count end as episode_count,
        coalesce(s.watched_days, 0) as watched_days,
        coalesce(s.value_count, 0) as observed_count,
        cast(null as bigint) as expected_count,
        case when s.first_maturity = s.last_maturity then s.first_maturity when s.first_maturity is not null then 'preliminary' end
            as maturity
    from {{ ref('dim_area') }} as a
    cross join periods as p
    left join stations as n on a.area_code = n.area_code
    left join summed as s
        on a.area_code = s.area_code and p.period_type = s.period_type and p.period_start_date = s.period_start_date
    where a.area_type in ('town', 'district')
)

{{ indicator_rows('filled', 'episode_count', 'episode_count', 'cast(null as decimal(18, 6))',
    "case when not has_station then 'not_applicable' when episode_count is null then 'missing' else 'applies' end",
    "case when not has_station then '本区域没有异味站' when episode_count is null then '本时段没有异味监测'
        else concat('按监测的 ', cast(watched_days as varchar), ' 天计，未监测的时间不在内') end",
    'maturity', "'gb14554_class2_new'", "'illustrative'") }}
