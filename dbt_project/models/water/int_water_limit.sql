-- grain: factor_code × water_body_type × valid_from
select
    l.factor_code, l.item_name_zh, l.item_no, l.comparison, l.limit_unit, l.valid_from, l.valid_to, l.status,
    body.water_body_type,
    max(limit_low) as limit_low,
    max(case when grade = 1 then limit_value end) as limit_1,
    max(case when grade = 2 then limit_value end) as limit_2,
    max(case when grade = 3 then limit_value end) as limit_3,
    max(case when grade = 4 then limit_value end) as limit_4,
    max(case when grade = 5 then limit_value end) as limit_5
from {{ ref('water_class_limit') }} as l
inner join (select 'river' as water_body_type union all select 'lake' as water_body_type) as body
    on l.water_body_type = body.water_body_type or l.water_body_type = 'any'
where l.is_in_class_evaluation
group by
    l.factor_code, l.item_name_zh, l.item_no, l.comparison, l.limit_unit, l.valid_from, l.valid_to, l.status,
    body.water_body_type
