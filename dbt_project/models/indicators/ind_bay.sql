-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
-- Rivers (points), towns and the district. Loads add up and are told only when every river has one; a concentration of an area is the
-- mean of its rivers within one maturity; its gap is that of the worst river, told only when every river has a target.
{%- set of_area = {'point_id in': "case when subject_type = 'point' then subject_id else (select string_agg(distinct d.point_id, ',') from build.dim_point d where d.medium = 'river_mouth' and (length(r.subject_id) = 6 or d.town_code = r.subject_id)) end",
    'factor_code': "case when indicator_code like 'bay_tn%' then 'w21001' else 'w21011' end",
    'period_type': 'period_type', 'period_start_date': 'period_start_date'} %}
{{ config(meta={'evidence': [
    {'parent': 'fct_bay_period', 'label_zh': '河流通量', 'on': of_area, 'when': "indicator_code like '%_load_t'"},
    {'parent': 'fct_bay_control', 'label_zh': '河流浓度与目标', 'on': of_area, 'when': "indicator_code not like '%_load_t'"}]}) }}
with loads as (
    select * from {{ ref('fct_bay_period') }} where rank_in_period = 1
),

rivers as (
    select
        point_id, factor_code, 'load_t' as measure, 'default' as basis, period_type, period_start_date, maturity, load_t as value,
        load_t as numerator, cast(null as decimal(18, 6)) as denominator, expected_day_count as expected_count,
        measured_day_count + estimated_day_count as observed_count, reason_zh, status
    from loads
    where is_default
    union all
    select
        point_id, factor_code, 'load_t' as measure, method_code as basis, period_type, period_start_date, maturity, load_t as value,
        load_t as numerator, cast(null as decimal(18, 6)) as denominator, expected_day_count as expected_count,
        measured_day_count + estimated_day_count as observed_count, reason_zh, status
    from loads
    {%- for m in ['flow_weighted_mg_l', 'mean_mg_l', 'target_gap_mg_l', 'change_pct'] %}
    union all
    select
        point_id, factor_code, '{{ m }}' as measure, 'default' as basis, period_type, period_start_date, maturity, {{ m }} as value,
        {{ 'mean_mg_l' if m == 'change_pct' else m }} as numerator,
        {{ 'mean_last_year_mg_l' if m == 'change_pct' else 'target_mg_l' if m == 'target_gap_mg_l' else 'cast(null as decimal(18, 6))' }} as denominator,
        expected_day_count as expected_count, measured_day_count as observed_count,
        {% if m == 'target_gap_mg_l' %}coalesce(target_note_zh, reason_zh){% elif m == 'change_pct' %}case when change_pct is null then '缺上年同期值' else reason_zh end{% else %}reason_zh{% endif %} as reason_zh,
        status
    from {{ ref('fct_bay_control') }}
    {%- endfor %}
),

coded as (
    select r.*, concat('bay_', f.stem, '_', r.measure) as indicator_code
    from rivers as r
    inner join {{ ref('bay_factor') }} as f on r.factor_code = f.factor_code
),

keys as (
    select distinct indicator_code, measure, basis, period_type, period_start_date from coded
),

held as (
    select a.area_code, d.point_id, d.valid_from, d.valid_to
    from {{ ref('dim_area') }} as a
    inner join {{ ref('dim_point') }} as d on d.medium = 'river_mouth' and (a.area_type = 'district' or d.town_code = a.area_code)
    where a.area_type in ('town', 'district')
),

areas as (
    select
        a.area_code, k.indicator_code, k.measure, k.basis, k.period_type, k.period_start_date,
        count(h.point_id) as expected_count, count(c.value) as observed_count,
        sum(c.value) as value_sum, max(c.value) as value_max, sum(c.numerator) as numerator, sum(c.denominator) as denominator,
        min(c.maturity) as maturity, max(c.maturity) as last_maturity, min(c.reason_zh) as reason_zh,
        {{ worst_status('c.status') }} as status
    from {{ ref('dim_area') }} as a
    cross join keys as k
    left join held as h on a.area_code = h.area_code and {{ in_force('k.period_start_date', 'h.') }}
    left join coded as c
        on h.point_id = c.point_id and k.indicator_code = c.indicator_code and k.basis = c.basis
        and k.period_type = c.period_type and k.period_start_date = c.period_start_date
    where a.area_type in ('town', 'district')
    group by a.area_code, k.indicator_code, k.measure, k.basis, k.period_type, k.period_start_date
),

told as (
    select
        'point' as subject_type, point_id as subject_id, indicator_code, basis, period_type, period_start_date, value, numerator,
        denominator, expected_count, observed_count, maturity, case when value is null then 'missing' else 'applies' end as applicability,
        reason_zh, status
    from coded
    union all
    select
        'area' as subject_type, area_code as subject_id, indicator_code, basis, period_type, period_start_date,
        case
            when expected_count = 0 or observed_count < expected_count or (measure <> 'load_t' and maturity <> last_maturity) then null
            when measure = 'load_t' then cast(value_sum as decimal(18, 6))
            when measure = 'target_gap_mg_l' then value_max
            when measure = 'change_pct' then cast({{ ratio('(numerator - denominator) * 100', 'denominator', 6) }} as decimal(18, 6))
            else cast({{ ratio('value_sum', 'observed_count', 6) }} as decimal(18, 6))
        end as value,
        cast(numerator as decimal(18, 6)) as numerator, cast(denominator as decimal(18, 6)) as denominator, expected_count, observed_count,
        -- a sum of rivers of two maturities is no more certain than the lesser
        case when maturity = last_maturity then maturity when observed_count > 0 then 'preliminary' end as maturity,
        case
            when expected_count = 0 then 'not_applicable' when observed_count < expected_count then 'missing'
            when measure <> 'load_t' and maturity <> last_maturity then 'missing' else 'applies'
        end as applicability,
        case
            when expected_count = 0 then '本区域无入湾河流通量站'
            when observed_count < expected_count
                then concat(cast(expected_count - observed_count as varchar), ' 条河流无值', coalesce('：' || reason_zh, ''))
            when measure <> 'load_t' and maturity <> last_maturity then '各河流成熟度不同，不合并平均'
            when reason_zh is not null then '部分河流含估算日，见各河流'
        end as reason_zh,
        coalesce(status, 'unverified') as status
    from areas
)

{{ indicator_rows('told', 'value', 'numerator', 'denominator', applicability='applicability', reason='reason_zh', maturity='maturity',
    policy_version="'入湾通量方法 1'", status='status', basis='basis', subject_type='subject_type', subject='subject_id') }}
