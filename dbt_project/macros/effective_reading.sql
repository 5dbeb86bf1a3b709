{#- One reading per point × factor × statistic × averaging × interval (× further keys) for one purpose, by seed
    reading_priority (maturity, value_origin, source in turn). Only a series told by more than one maturity, origin or
    source in a month is ranked: nearly all are told once, and a window over all readings would sort them all. No CTE
    holds the readings themselves: DuckDB would keep them in memory.
    condition: which readings compete; own_keys: further keys within which they compete, e.g. ['maturity'].
    Columns: those of fct_reading, and `effective_value`, null where a mark voids it (seed flag_effect). -#}
{% macro effective_reading(purpose, condition, own_keys=[]) -%}
{%- set series = ['point_id', 'factor_code', 'statistic', 'averaging_minutes', 'month'] + own_keys -%}
{%- set keys = ['point_id', 'factor_code', 'statistic', 'averaging_minutes', 'observed_at'] + own_keys -%}
with contested as (
    select {{ series | join(', ') }}
    from (
        select distinct point_id, factor_code, statistic, averaging_minutes, month, maturity, value_origin, source
        from {{ ref('fct_reading') }}
        where {{ condition }}
    ) as told
    group by {{ series | join(', ') }}
    having count(*) > 1
),

ranked as (
    select
        c.*,
        row_number() over (
            partition by {% for k in keys %}c.{{ k }}{{ ', ' if not loop.last }}{% endfor %}
            order by
                coalesce(m.rank_no, 99), coalesce(o.rank_no, 99), coalesce(s.rank_no, 99),
                c.maturity, c.value_origin, c.source
        ) as rank_no
    from (select * from {{ ref('fct_reading') }} where {{ condition }}) as c
    inner join contested as r
        on {% for k in series %}c.{{ k }} = r.{{ k }}{{ ' and ' if not loop.last }}{% endfor %}
    left join {{ ref('reading_priority') }} as m
        on m.purpose = '{{ purpose }}' and m.aspect = 'maturity' and m.code = c.maturity
    left join {{ ref('reading_priority') }} as o
        on o.purpose = '{{ purpose }}' and o.aspect = 'value_origin' and o.code = c.value_origin
    left join {{ ref('reading_priority') }} as s
        on s.purpose = '{{ purpose }}' and s.aspect = 'source' and s.code = c.source
),

void_sets as (
    {{ jianhu.void_flag_sets('(select statistic, flag_device, flag_rule from ' ~ ref('fct_reading') ~ ' where ' ~ condition ~ ') as f') }}
)

select
    c.*,
    case when c.flag_human is not null or v.is_void then null else c.value end as effective_value
from (
    -- a plain join, no `not exists`: that one would keep all readings in memory
    select {% for c in jianhu.fact_reading_names() %}f.{{ c }}{{ ', ' if not loop.last }}{% endfor %}
    from (select * from {{ ref('fct_reading') }} where {{ condition }}) as f
    left join contested as r
        on {% for k in series %}f.{{ k }} = r.{{ k }}{{ ' and ' if not loop.last }}{% endfor %}
    where r.point_id is null
    union all
    select {{ jianhu.fact_reading_names() | join(', ') }}
    from ranked
    where rank_no = 1
) as c
left join void_sets as v
    on c.statistic = v.statistic
    and coalesce(c.flag_device, '') = coalesce(v.flag_device, '')
    and coalesce(c.flag_rule, '') = coalesce(v.flag_rule, '')
{%- endmacro %}

{#- names of the columns of fct_reading -#}
{% macro fact_reading_names() -%}
    {%- set out = [] -%}
    {%- for c in jianhu.reading_columns() %}{% do out.append(c[0]) %}{% endfor -%}
    {{ return(out + ['flag_rule', 'flag_human']) }}
{%- endmacro %}
