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
        {{ plain('limit_value') }}, limit_unit, valid_from, valid_to, status, source_note
    from {{ ref('case_clock') }}
    union all
    select
        'case_parameter', parameter, name_zh, cast(null as varchar), {{ plain('value') }}, unit, valid_from, valid_to,
        status, source_note
    from {{ ref('case_parameter') }}
    union all
    select
        'fiscal_rate', rate_id, policy_zh, 'zhejiang_2017_102', {{ plain('amount') }}, unit, valid_from, valid_to,
        status, source_note
    from {{ ref('fiscal_rate') }}
    union all
    select
        'green_index_parameter', component_code, name_zh, clause_id, {{ plain('weight_pct') }}, 'pct', valid_from,
        valid_to, status, source_note
    from {{ ref('green_index_parameter') }}
    union all
    select
        'scheme_component', concat(c.scheme_version, '|', c.component_code), concat(s.name_zh, '：', c.name_zh), c.clause_id,
        concat('权重 ', coalesce({{ plain('c.weight') }}, '未定'), '；曲线 ', coalesce(k.curve, '未定')), '份',
        s.valid_from, s.valid_to, c.status, c.source_note
    from {{ ref('scheme_component') }} as c
    inner join {{ ref('scheme') }} as s on c.scheme_version = s.scheme_version
    left join (
        select
            scheme_version, component_code,
            {{ join_text("concat(" ~ plain('x_value') ~ ", ':', " ~ plain('score') ~ ")", '|', 'point_no') }} as curve
        from {{ ref('scheme_curve') }}
        group by scheme_version, component_code
    ) as k on c.scheme_version = k.scheme_version and c.component_code = k.component_code
    union all
    select
        'air_limit', concat(regime, '|', factor_code, '|', averaging, '|', area_class, '|', cast(valid_from as varchar)),
        concat('环境空气限值 ', factor_code, ' ', averaging, ' ', area_class), clause_id, {{ plain('limit_value') }}, unit,
        valid_from, valid_to, status, source_note
    from {{ ref('air_limit') }}
    union all
    select
        'air_iaqi_breakpoint', concat(regime, '|', factor_code, '|', averaging, '|', cast(segment_no as varchar)),
        concat('空气质量分指数 ', factor_code, ' ', averaging), clause_id,
        concat({{ plain('concentration_low') }}, '–', {{ plain('concentration_high') }}, ' → ',
            {{ plain('iaqi_low') }}, '–', {{ plain('iaqi_high') }}),
        unit, cast(null as date), cast(null as date), status, source_note
    from {{ ref('air_iaqi_breakpoint') }}
    union all
    select
        'air_rule', concat(regime, '|', rule), concat('空气评价规则 ', rule), clause_id, {{ plain('value') }}, unit,
        cast(null as date), cast(null as date), status, source_note
    from {{ ref('air_rule') }}
    union all
    select
        'water_class_limit', concat(factor_code, '|', water_body_type, '|', cast(grade as varchar), '|', cast(valid_from as varchar)),
        concat('地表水限值 ', item_name_zh, ' ', water_body_type, ' 第', cast(grade as varchar), '级'),
        cast(null as varchar), limit_as_printed, limit_unit, valid_from, valid_to, status,
        concat(standard_no, ' ', clause, '；', source)
    from {{ ref('water_class_limit') }}
    union all
    select
        'water_rule', rule, note_zh, cast(null as varchar), {{ plain('value') }}, unit, valid_from, valid_to, status,
        concat(clause, '；', source)
    from {{ ref('water_rule') }}
    union all
    select
        'source_rule', concat(medium, '|', rule), note_zh, cast(null as varchar), {{ plain('value') }}, unit, valid_from,
        valid_to, status, concat(clause, '；', source)
    from {{ ref('source_rule') }}
    union all
    select
        'permit_report_deadline', report_type, concat('执行报告', report_type, '期限：期末后第 ', cast(months_after as varchar), ' 个月'),
        cast(null as varchar), cast(day_of_month as varchar), 'day_of_month', valid_from, valid_to, status,
        concat(clause, '；', source)
    from {{ ref('permit_report_deadline') }}
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
