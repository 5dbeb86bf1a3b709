-- grain: point_id × maturity × period_type × period
-- totals of a VOC station over the species that have a complete mean (and, for the OFP, a MIR); how many have not is said.
-- The park's part is taken over the species that are complete on both sides.
{{ config(meta={'evidence': [
    {'parent': 'fct_voc_species_period', 'label_zh': '物种均值与 OFP', 'on': {
        'point_id in': "concat_ws(',', point_id, background_point_id)", 'maturity': 'maturity', 'period_type': 'period_type',
        'period': 'period'}}],
    'clause': "'carter_2010_mir'"}) }}
with linked as (
    select
        t.point_id, t.period_start_date, l.to_point_id as background_point_id,
        row_number() over (
            partition by t.point_id, t.period_start_date
            order by l.position_no nulls last, l.to_point_id, l.valid_from desc nulls last
        ) as rank_no
    from (select distinct point_id, period_start_date from {{ ref('fct_voc_species_period') }}) as t
    inner join {{ ref('dim_point_link') }} as l
        on l.link_kind = 'background' and t.point_id = l.from_point_id and {{ in_force('t.period_start_date', 'l.') }}
),

beside as (
    select
        s.*, k.background_point_id, b.ofp_ug_m3 as background_ofp_ug_m3, v.species_zh,
        b.point_id is not null as has_background_row
    from {{ ref('fct_voc_species_period') }} as s
    left join {{ ref('voc_species') }} as v on s.factor_code = v.factor_code
    left join linked as k on s.point_id = k.point_id and s.period_start_date = k.period_start_date and k.rank_no = 1
    left join {{ ref('fct_voc_species_period') }} as b
        on k.background_point_id = b.point_id and s.factor_code = b.factor_code and s.maturity = b.maturity
        and s.period_type = b.period_type and s.period = b.period
),

grouped as (
    select
        point_id, maturity, period_type, period, period_start_date, period_end_date, background_point_id,
        max(list_version) as list_version,
        max(mir_version) as mir_version,
        count(*) as listed_species_count,
        count(mean_ug_m3) as complete_species_count,
        count(ofp_ug_m3) as ofp_species_count,
        count(case when ofp_ug_m3 is null then 1 end) as lacking_species_count,
        {{ join_text("case when mir_g_g is null then species_zh end", '、', 'factor_code') }} as no_mir_species_zh,
        {{ join_text("case when mean_ug_m3 is null then species_zh end", '、', 'factor_code') }} as short_species_zh,
        cast(sum(expected_hour_count) as bigint) as expected_count,
        cast(sum(valid_hour_count) as bigint) as observed_count,
        cast(sum(below_detection_hour_count) as bigint) as below_detection_count,
        max(detection_method) as detection_method,
        sum(mean_ug_m3) as total_ug_m3,
        sum(ofp_ug_m3) as ofp_ug_m3,
        max(case when factor_code = 'VOC_BENZENE' then measured_mean_ug_m3 end) as benzene_ug_m3,
        max(case when factor_code = 'VOC_TOLUENE' then measured_mean_ug_m3 end) as toluene_ug_m3,
        max(case when factor_code = 'VOC_MP_XYLENE' then measured_mean_ug_m3 end)
        + max(case when factor_code = 'VOC_O_XYLENE' then measured_mean_ug_m3 end) as xylene_ug_m3,
        count(case when has_background_row then 1 end) as background_row_count,
        count(case when ofp_ug_m3 is not null and background_ofp_ug_m3 is not null then 1 end) as paired_species_count,
        sum(case when background_ofp_ug_m3 is not null then ofp_ug_m3 end) as paired_ofp_ug_m3,
        sum(case when ofp_ug_m3 is not null then background_ofp_ug_m3 end) as paired_background_ofp_ug_m3
    from beside
    group by point_id, maturity, period_type, period, period_start_date, period_end_date, background_point_id
)

select
    point_id, maturity, period_type, period, period_start_date, period_end_date, list_version, mir_version,
    listed_species_count, complete_species_count, ofp_species_count, lacking_species_count, no_mir_species_zh, short_species_zh,
    expected_count, observed_count,
    cast({{ ratio('observed_count * 100', 'expected_count', 6) }} as decimal(18, 6)) as completeness_pct,
    below_detection_count,
    coalesce(detection_method, 'none') as detection_method,
    cast(total_ug_m3 as decimal(18, 6)) as total_ug_m3,
    cast(ofp_ug_m3 as decimal(18, 6)) as ofp_ug_m3,
    cast({{ ratio('xylene_ug_m3', 'benzene_ug_m3', 6) }} as decimal(18, 6)) as xylene_benzene_ratio,
    cast({{ ratio('toluene_ug_m3', 'benzene_ug_m3', 6) }} as decimal(18, 6)) as toluene_benzene_ratio,
    cast(xylene_ug_m3 as decimal(18, 6)) as xylene_ug_m3,
    cast(benzene_ug_m3 as decimal(18, 6)) as benzene_ug_m3,
    background_point_id,
    paired_species_count,
    cast(paired_ofp_ug_m3 as decimal(18, 6)) as paired_ofp_ug_m3,
    cast(paired_background_ofp_ug_m3 as decimal(18, 6)) as paired_background_ofp_ug_m3,
    cast(paired_ofp_ug_m3 - paired_background_ofp_ug_m3 as decimal(18, 6)) as park_increment_ofp_ug_m3,
    cast({{ ratio('(paired_ofp_ug_m3 - paired_background_ofp_ug_m3) * 100', 'paired_ofp_ug_m3', 6) }} as decimal(18, 6))
        as park_contribution_pct,
    case
        when ofp_species_count = 0 then '没有一个物种既有完整均值又有 MIR，不出 OFP'
        when lacking_species_count > 0 then concat('OFP 计入 ', cast(ofp_species_count as varchar), ' 种，清单共 ',
            cast(listed_species_count as varchar), ' 种')
    end as reason_zh,
    case
        when background_point_id is null then '没有登记对照站，不计园区贡献'
        when paired_species_count = 0 then '对照站同期没有可比物种，不计园区贡献'
    end as contribution_reason_zh,
    'illustrative' as status
from grouped
