-- grain: enterprise_name
select
    h.enterprise_name, h.city_name, h.industry_name, h.uscc, h.permit_no, h.uscc_as_sent, h.permit_no_as_sent,
    {{ is_uscc_valid('h.uscc') }} as is_uscc_valid,
    {{ is_permit_no_valid('h.permit_no') }} as is_permit_no_valid,
    substr(h.permit_no, 1, 18) = h.uscc as is_uscc_of_permit,
    case
        when h.permit_no is null then '无许可证编号'
        when not {{ is_permit_no_valid('h.permit_no') }} then '许可证编号不符合 HJ 608 或校验位错误'
        when h.uscc is null then '无统一社会信用代码'
        when not {{ is_uscc_valid('h.uscc') }} then '统一社会信用代码校验位错误'
        when substr(h.permit_no, 1, 18) <> h.uscc then '许可证编号前 18 位与信用代码不一致'
    end as finding_zh,
    coalesce(l.limit_count, 0) as limit_count,
    h._load_id, h._row_no
from {{ ref('stg_permit_national_json') }} as h
left join (
    select enterprise_name, count(limit_value) as limit_count
    from {{ ref('stg_permit_national_limits') }}
    group by enterprise_name
) as l on h.enterprise_name = l.enterprise_name
