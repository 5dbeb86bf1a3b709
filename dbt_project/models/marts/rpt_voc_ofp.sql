-- grain: point_id × maturity × period_type × period × factor_code
-- the source profile of a station (shares) and the ranking of its species by ozone formation potential
with ranked as (
    select
        s.*,
        case when s.ofp_ug_m3 is not null then row_number() over (
            partition by s.point_id, s.maturity, s.period_type, s.period order by s.ofp_ug_m3 desc nulls last, s.factor_code
        ) end as ofp_rank
    from {{ ref('fct_voc_species_period') }} as s
)

select
    'voc_ofp_ug_m3' as indicator_code,
    s.point_id as subject_id,
    p.name_zh as point_name_zh, p.town_code, p.park_code, s.point_id, s.maturity, s.period_type, s.period, s.factor_code,
    v.species_zh, v.species_group, s.list_version, s.valid_hour_count, s.below_detection_hour_count, s.detection_method,
    s.mean_ug_m3,
    cast({{ ratio('s.mean_ug_m3 * 100', 't.total_ug_m3', 6) }} as decimal(18, 6)) as mean_share_pct,
    s.mir_version, s.mir_g_g, s.ofp_ug_m3,
    cast(s.ofp_rank as int) as ofp_rank_no,
    cast({{ ratio('s.ofp_ug_m3 * 100', 't.ofp_ug_m3', 6) }} as decimal(18, 6)) as ofp_share_pct,
    t.ofp_ug_m3 as total_ofp_ug_m3, t.ofp_species_count, t.listed_species_count, t.completeness_pct, t.xylene_benzene_ratio,
    t.toluene_benzene_ratio, t.park_increment_ofp_ug_m3, t.park_contribution_pct,
    coalesce(s.reason_zh, s.ofp_reason_zh) as reason_zh,
    t.reason_zh as total_reason_zh,
    s.status
from ranked as s
inner join {{ ref('fct_voc_period') }} as t
    on s.point_id = t.point_id and s.maturity = t.maturity and s.period_type = t.period_type and s.period = t.period
left join {{ ref('voc_species') }} as v on s.factor_code = v.factor_code
left join {{ ref('dim_point') }} as p on s.point_id = p.point_id and {{ in_force('s.period_start_date', 'p.') }}
