-- grain: sample_no
-- Each emergency sample from taking to analysis: whether its chain of custody is whole, and where it broke
select
    s.sample_no, min(s.case_id) as case_id, min(s.item_zh) as item_zh,
    cast(count(*) as bigint) as step_count,
    min(case when s.step = '采样' then s.step_at end) as taken_at,
    max(case when s.step = '分析' then s.step_at end) as analysed_at,
    {{ join_text("case when s.step = '采样' then s.to_post when s.step = '接收' then s.to_post end", ' → ', 's.step_no') }} as holders_zh,
    cast(count(case when s.is_gap then 1 end) as bigint) as gap_count,
    count(case when s.is_gap then 1 end) = 0 as is_chain_whole,
    {{ join_text("case when s.is_gap then concat('环节 ', cast(s.step_no as varchar), '：', s.gap_zh) end", '；', 's.step_no') }} as gap_zh,
    max(s.reason_zh) as reason_zh,
    {{ worst_status('s.status') }} as status,
    min(s.month) as month
from {{ ref('fct_sample_step') }} as s
group by s.sample_no
