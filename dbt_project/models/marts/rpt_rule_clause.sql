-- grain: rule_set × rule_code
-- every clause, limit, rate, weight and parameter that this release leans on, with its status
with rules as (
    select
        'clause' as rule_set, clause_id as rule_code, title_zh as name_zh, clause_id,
        cast(null as varchar) as value_text, cast(null as varchar) as unit, valid_from, repealed_on as valid_to,
        status, source_note
    from {{ ref('dim_clause') }}
    union all
    select
        'case_clock', rule_id, concat(name_zh, '（', channel, '·', purpose, '·', category, '）'), clause_id,
        cast(limit_value as varchar), limit_unit, valid_from, valid_to, status, source_note
    from {{ ref('case_clock') }}
    union all
    select
        'case_parameter', parameter, name_zh, cast(null as varchar), cast(value as varchar), unit, valid_from, valid_to,
        status, source_note
    from {{ ref('case_parameter') }}
    union all
    select
        'fiscal_rate', rate_id, policy_zh, 'zhejiang_2017_102', cast(amount as varchar), unit, valid_from, valid_to,
        status, source_note
    from {{ ref('fiscal_rate') }}
    union all
    select
        'green_index_parameter', component_code, name_zh, clause_id, cast(weight_pct as varchar), 'pct', valid_from,
        valid_to, status, source_note
    from {{ ref('green_index_parameter') }}
    union all
    select
        'scheme_component', concat(c.scheme_version, '|', c.component_code), concat(s.name_zh, '：', c.name_zh), c.clause_id,
        concat('权重 ', coalesce(cast(c.weight as varchar), '未定'), '；曲线 ', coalesce(k.curve, '未定')), '份',
        s.valid_from, s.valid_to, c.status, c.source_note
    from {{ ref('scheme_component') }} as c
    inner join {{ ref('scheme') }} as s on c.scheme_version = s.scheme_version
    left join (
        select
            scheme_version, component_code,
            {{ join_text("concat(cast(x_value as varchar), ':', cast(score as varchar))", '|', 'point_no') }} as curve
        from {{ ref('scheme_curve') }}
        group by scheme_version, component_code
    ) as k on c.scheme_version = k.scheme_version and c.component_code = k.component_code
)

select
    r.rule_set,
    r.rule_code,
    r.name_zh,
    r.clause_id,
    concat(c.standard_no, ' ', c.clause) as clause_zh,
    r.value_text,
    r.unit as value_unit,
    r.valid_from,
    r.valid_to,
    r.status,
    case r.status
        when 'verified' then '已核' when 'unverified' then '未核' when 'illustrative' then '示意，非官方'
        when 'adopted' then '已采用'
    end as status_zh,
    r.source_note
from rules as r
left join {{ ref('dim_clause') }} as c on r.clause_id = c.clause_id
