-- grain: hotspot_kind × subject_id × site_key × month
-- noise complaints of a month by town and by site, with the check against permits for night work; complaints inside a
-- permitted window do not make a hotspot
with grouped as (
    select
        'site' as hotspot_kind, town_code, site_key, max(site_name) as site_name, month,
        count(*) as complaint_count,
        sum(case when is_in_permitted_window then 1 else 0 end) as permitted_count,
        sum(case when permit_check = 'outside_window' then 1 else 0 end) as outside_window_count,
        sum(case when permit_check = 'revoked' then 1 else 0 end) as revoked_count,
        sum(case when permit_check = 'no_permit' then 1 else 0 end) as no_permit_count,
        {{ join_text('permit_no', '、', distinct=true) }} as permit_nos,
        max(received_at) as last_at
    from {{ ref('fct_noise_complaint') }}
    where site_key is not null and town_code is not null
    group by town_code, site_key, month
    union all
    select
        'town' as hotspot_kind, town_code, cast(null as varchar) as site_key, cast(null as varchar) as site_name, month,
        count(*) as complaint_count,
        sum(case when is_in_permitted_window then 1 else 0 end) as permitted_count,
        sum(case when permit_check = 'outside_window' then 1 else 0 end) as outside_window_count,
        sum(case when permit_check = 'revoked' then 1 else 0 end) as revoked_count,
        sum(case when permit_check = 'no_permit' then 1 else 0 end) as no_permit_count,
        {{ join_text('permit_no', '、', distinct=true) }} as permit_nos,
        max(received_at) as last_at
    from {{ ref('fct_noise_complaint') }}
    where town_code is not null
    group by town_code, month
),

stations as (
    select town_code, {{ month_of('noise_date') }} as month, sum(case when not is_compliant then 1 else 0 end) as night_exceedance_count
    from {{ ref('fct_noise_period') }}
    where period_kind = 'night' and is_compliant is not null
    group by town_code, {{ month_of('noise_date') }}
)

select
    'noise_complaint_count' as indicator_code, g.town_code as subject_id, {{ period_label('g.month', 'month') }} as period,
    g.hotspot_kind, a.name_zh as town_name_zh, g.site_key, g.site_name, g.month,
    cast(g.complaint_count as bigint) as complaint_count, cast(g.permitted_count as bigint) as permitted_count,
    cast(g.outside_window_count as bigint) as outside_window_count, cast(g.revoked_count as bigint) as revoked_count,
    cast(g.no_permit_count as bigint) as no_permit_count, g.permit_nos, g.last_at,
    case when g.hotspot_kind = 'town' then cast(s.night_exceedance_count as bigint) end as night_exceedance_count,
    case when g.hotspot_kind = 'site' then g.complaint_count - g.permitted_count >= r.value end as is_hotspot,
    cast(row_number() over (
        partition by g.hotspot_kind, g.month order by g.complaint_count - g.permitted_count desc, g.town_code, g.site_key
    ) as int) as rank_no,
    case
        when g.complaint_count = g.permitted_count then '全部登记时刻在夜间施工许可时段内'
        when g.permitted_count > 0 then concat(cast(g.permitted_count as varchar), ' 件在许可时段内，不计入热点')
    end as reason_zh,
    r.status
from grouped as g
left join {{ ref('dim_area') }} as a on g.town_code = a.area_code
left join stations as s on g.town_code = s.town_code and g.month = s.month
left join {{ ref('noise_warning_rule') }} as r
    on r.rule = 'hotspot_min_complaints' and {{ in_force('g.month', 'r.') }}
