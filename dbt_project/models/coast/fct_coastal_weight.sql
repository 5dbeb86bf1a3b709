-- grain: sea_area × period
-- weights of the sites of a sea area must sum to 1; where they do not, it is a finding for the sender and the share is withheld
{{ config(meta={'evidence': [
    {'parent': 'stg_coastal_site_weight', 'label_zh': '站位权重', 'on': {'sea_area': 'sea_area', 'period': 'period'}}],
    'clause': "'coastal_good_area'"}) }}
with summed as (
    select
        w.sea_area, w.period, count(*) as site_count, cast(sum(w.weight_share) as decimal(18, 6)) as weight_sum,
        cast(sum(w.area_km2) as decimal(18, 6)) as area_km2, count(w.area_km2) as area_count,
        cast(concat(w.period, '-01-01') as date) as period_start_date
    from {{ ref('stg_coastal_site_weight') }} as w
    group by w.sea_area, w.period
)

select
    s.sea_area, s.period, s.site_count, s.weight_sum, case when s.area_count = s.site_count then s.area_km2 end as area_km2,
    abs(s.weight_sum - 1) <= t.value as is_sum_one,
    case when abs(s.weight_sum - 1) > t.value
        then concat('站位权重之和为 ', {{ plain('s.weight_sum') }}, '，不等于 1；请核对各站位权重后重报') end as finding_zh
from summed as s
left join {{ ref('coastal_rule') }} as t on t.rule = 'weight_tolerance' and {{ in_force('s.period_start_date', 't.') }}
