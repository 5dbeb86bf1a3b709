-- grain: company_name × outlet_name
-- how an export names an outlet: its name, its code, or both; a name that two outlets bear finds none
with named as (
    select s.enterprise_name, s.name_zh as site_name, o.name_zh as outlet_name, o.outlet_code, o.outlet_id
    from {{ ref('dim_outlet') }} as o
    inner join {{ ref('dim_site') }} as s on o.site_code = s.site_code
),

spelt as (
    {% for company in ['enterprise_name', "concat(enterprise_name, site_name)", 'site_name'] %}
    {% for outlet in ['outlet_name', 'outlet_code', 'concat(outlet_name, outlet_code)', 'concat(outlet_code, outlet_name)'] %}
    select {{ squeeze(company) }} as company_name, {{ squeeze(outlet) }} as outlet_name, outlet_id from named
    {{ "union all" if not loop.last }}
    {% endfor %}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select company_name, outlet_name, min(outlet_id) as outlet_id
from spelt
where company_name is not null and outlet_name is not null
group by company_name, outlet_name
having count(distinct outlet_id) = 1
