-- a scheme that gives points has every weight, every curve, and each factor the same share where it says so
select c.scheme_version, c.component_code
from {{ ref('scheme_component') }} as c
inner join {{ ref('scheme') }} as s on c.scheme_version = s.scheme_version
left join {{ ref('scheme_curve') }} as k
    on c.scheme_version = k.scheme_version and c.component_code = k.component_code and k.x_value is not null and k.score is not null
where s.status in ('illustrative', 'adopted')
group by c.scheme_version, c.component_code
having min(c.weight) is null or min(c.weight) <= 0 or count(k.point_no) < 2
