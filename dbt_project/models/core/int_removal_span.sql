-- grain: point_id × factor_code × observed_from
-- Spans of time whose values a reviewer took out of official statistics. Registered spans may overlap and later entries
-- may restore: over each stretch between their edges the entry reviewed last decides, so that spans here never overlap.
{{ config(contract={'enforced': false}, meta={'publish': true}) }}
with entries as (
    select * from {{ ref('stg_reading_removal') }}
    where observed_from < observed_to and flagged_at <= {{ as_of() }}
),

edges as (
    select point_id, factor_code, observed_from as edge_at from entries
    union
    select point_id, factor_code, observed_to as edge_at from entries
),

stretches as (
    select
        point_id, factor_code, edge_at,
        lead(edge_at) over (partition by point_id, factor_code order by edge_at) as next_edge_at
    from edges
),

covered as (
    select s.point_id, s.factor_code, s.edge_at, s.next_edge_at, e.removal_no, e.action_zh, e.flagged_at, e._load_id, e._row_no
    from stretches as s
    inner join entries as e
        on s.point_id = e.point_id and s.factor_code = e.factor_code
        and e.observed_from <= s.edge_at and e.observed_to >= s.next_edge_at
),

decided as (
    {{ latest_by_key('covered', ['point_id', 'factor_code', 'edge_at'], ['flagged_at desc', 'removal_no desc']) }}
)

select
    point_id, factor_code, edge_at as observed_from, next_edge_at as observed_to,
    concat('人工剔除 ', removal_no) as flag, removal_no, _load_id, _row_no
from decided
where action_zh = '剔除'
