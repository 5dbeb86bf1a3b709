-- grain: figure_id
-- published figures beside ours, where the data of the release reach them; else the reason
select
    p.figure_id,
    p.area_code as subject_id,
    p.area_name_zh,
    p.indicator_code,
    i.name_zh as indicator_name_zh,
    p.period_type,
    p.period,
    p.value as published_value,
    v.value as value,
    cast(v.value - p.value as decimal(18, 6)) as difference,
    p.tolerance,
    abs(v.value - p.value) <= p.tolerance as is_within,
    p.as_published_zh,
    case
        when v.value is not null and abs(v.value - p.value) <= p.tolerance then '一致'
        when v.value is not null then '不一致：点位集合、成熟度或口径可能不同'
        when v.indicator_code is not null then concat('本库无值：', coalesce(v.reason_zh, '缺数'))
        when a.area_code is null or a.area_type not in ('town', 'district') then '本库只计算本区及镇街：全市的点位与断面不在本库'
        when p.period_type = 'year_to_date' and p.indicator_code not like 'air%' then '本库不计算该指标的累计时段'
        else '本库没有该时段的数据'
    end as reason_zh,
    v.basis,
    v.maturity,
    p.status,
    p.source_note
from {{ ref('published_figure') }} as p
left join {{ ref('dim_indicator') }} as i on p.indicator_code = i.indicator_code
left join {{ ref('dim_area') }} as a on p.area_code = a.area_code
left join {{ ref('fct_indicator_value') }} as v
    on
        v.subject_type = 'area' and p.area_code = v.subject_id and p.indicator_code = v.indicator_code
        and p.period_type = v.period_type and p.period = v.period and v.basis = 'default'
