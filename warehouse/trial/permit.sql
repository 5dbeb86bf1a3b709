-- grain: one row: published permit holders, their codes and limits
select
    count(*) as holders,
    sum(case when is_permit_no_valid then 1 else 0 end) as valid_codes,
    sum(case when permit_no is not null and not is_permit_no_valid then 1 else 0 end) as invalid_codes,
    sum(case when permit_no is null then 1 else 0 end) as empty_permit_numbers,
    sum(case when is_uscc_valid then 1 else 0 end) as valid_uscc,
    sum(case when uscc is not null and not is_uscc_valid then 1 else 0 end) as invalid_uscc,
    sum(case when uscc is null then 1 else 0 end) as empty_uscc,
    sum(case when is_permit_no_valid and is_uscc_valid and not is_uscc_of_permit then 1 else 0 end) as permit_of_another_uscc,
    (select count(*) from fct_permit_national_limit) as limits,
    (select count(*) from fct_permit_national_limit where reason_zh is not null) as limits_without_figure,
    (select count(distinct enterprise_name) from fct_permit_national_limit where not has_holder) as limit_holders_not_listed,
    (
        select cast(to_json(list({'enterprise': enterprise_name, 'permit_no': permit_no_as_sent, 'uscc': uscc_as_sent,
            'finding': finding_zh} order by enterprise_name)) as varchar)
        from fct_permit_national_holder
        where permit_no is not null and not is_permit_no_valid
    ) as invalid_code_rows_json
from fct_permit_national_holder
where coalesce(uscc_as_sent, permit_no_as_sent) is not null
