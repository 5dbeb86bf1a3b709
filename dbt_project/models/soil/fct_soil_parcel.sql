-- grain: parcel_code
-- a parcel's soil before its use began, judged at its PLANNED use: the latest sample of each of its points. Safe: accepted after
-- control or remediation before use began, or all points sampled and no item above its screening value.
{{ config(meta={'evidence': [
    {'parent': 'stg_soil_parcel', 'label_zh': '地块名录', 'on': {'parcel_code': 'parcel_code'}},
    {'parent': 'fct_soil_item', 'label_zh': '地块内点位的样品', 'on': {'point_id in': 'point_ids'}}],
    'clause': "'soil_law_66'"}) }}
with parcels as (
    select
        *,
        case when point_codes is null then 0 else length(point_codes) - length(replace(point_codes, '、', '')) + 1 end as listed_count
    from {{ ref('stg_soil_parcel') }}
),

sampled as (
    select
        p.parcel_code, i.point_id, i.factor_code, i.observed_at, i.used_mg_kg, i.qualifier, i.detection_limit, i.item_name_zh,
        p.planned_use, p.use_started_date,
        dense_rank() over (partition by p.parcel_code, i.point_id order by i.observed_at desc) as rank_in_point
    from parcels as p
    inner join {{ ref('fct_soil_item') }} as i
        on {{ is_named_in('substr(i.point_id, 6)', 'p.point_codes', '、') }}
    where p.use_started_date is null or {{ date_of('i.observed_at') }} < p.use_started_date
),

judged as (
    select
        s.*, lo.limit_mg_kg as screening_limit_mg_kg, lo.status as limit_status,
        case
            when lo.limit_mg_kg is null then null
            when s.qualifier = '<' and coalesce(s.detection_limit <= lo.limit_mg_kg, false) then 1
            when s.qualifier = '<' then null
            when s.used_mg_kg <= lo.limit_mg_kg then 1
            when s.used_mg_kg > hi.limit_mg_kg then 3
            when s.used_mg_kg > lo.limit_mg_kg then 2
        end as class_no
    from sampled as s
    {% for a, kind in [('lo', 'screening'), ('hi', 'control')] %}
    left join {{ ref('int_soil_limit') }} as {{ a }}
        on {{ a }}.limit_kind = '{{ kind }}' and s.planned_use = {{ a }}.land_use and s.factor_code = {{ a }}.factor_code
        and {{ in_force(date_of('s.observed_at'), a ~ '.') }}
    {% endfor %}
    where s.rank_in_point = 1
),

summed as (
    select
        parcel_code, count(distinct point_id) as sampled_point_count, max(class_no) as class_no, max(observed_at) as sampled_at,
        {{ join_text('point_id', ',', distinct=true) }} as point_ids,
        {{ join_text("case when class_no > 1 then item_name_zh end", '、', distinct=true) }} as items_over_zh,
        count(distinct case when class_no is null then factor_code end) as unevaluated_item_count,
        {{ worst_status('limit_status') }} as status
    from judged
    group by parcel_code
),

decided as (
    select
        p.parcel_code, p.name_zh, p.town_code, p.planned_use, p.is_key_parcel, p.area_mu, p.use_started_date, p.accepted_date,
        cast(p.listed_count as bigint) as listed_point_count, cast(coalesce(s.sampled_point_count, 0) as bigint) as sampled_point_count,
        s.point_ids, s.sampled_at, cast(s.class_no as int) as class_no, s.items_over_zh,
        cast(coalesce(s.unevaluated_item_count, 0) as bigint) as unevaluated_item_count,
        p.is_key_parcel and p.use_started_date is not null and p.use_started_date <= {{ date_of(as_of()) }} as is_counted,
        coalesce(p.accepted_date <= p.use_started_date, false) as is_accepted,
        p._load_id, p._row_no
    from parcels as p
    left join summed as s on p.parcel_code = s.parcel_code
)

select
    d.parcel_code, d.name_zh, d.town_code, d.planned_use, d.is_key_parcel, d.area_mu, d.use_started_date, d.accepted_date, d.listed_point_count,
    d.sampled_point_count, d.point_ids, d.sampled_at, d.class_no, c.class_zh, d.items_over_zh, d.unevaluated_item_count, d.is_counted,
    case
        when not d.is_counted then null
        when d.is_accepted then true
        when d.class_no > 1 or d.sampled_point_count = 0 then false
        when d.sampled_point_count = d.listed_point_count and d.class_no = 1 then true
    end as is_safe,
    case
        when not d.is_key_parcel then '不是重点建设用地'
        when not d.is_counted then '未动工'
        when d.is_accepted then '安全利用：效果评估在动工前通过'
        when d.class_no > 1 then concat('未安全利用：动工前高于筛选值（', d.items_over_zh, '），未通过效果评估')
        when d.sampled_point_count = 0 then '未安全利用：动工前未调查'
        when d.sampled_point_count < d.listed_point_count
            then concat('未评价：', cast(d.listed_point_count as varchar), ' 个点位中 ', cast(d.sampled_point_count as varchar), ' 个有动工前样品')
        when d.class_no is null then '未评价（缺标准）'
        else '安全利用：动工前不高于规划用途的筛选值'
    end as judgement_zh,
    case when d.unevaluated_item_count > 0 then concat(cast(d.unevaluated_item_count as varchar), ' 项无限值或无法比较，未参加评价') end as reason_zh,
    'unverified' as status, d._load_id, d._row_no
from decided as d
left join {{ ref('soil_class') }} as c on d.class_no = c.class_no
