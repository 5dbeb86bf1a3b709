{#- How a table is made. A release is built in an empty database: one `create table as` does, where dbt's own way makes the table
    under another name, renames it and looks for what it replaces (five statements more, for each of 300 models). A contract is held
    against the table that came, which costs nothing, and not against the query, which would be planned twice.

    Models over the fine tier (meta by_month) are built month by month, so that what one month holds, and not the year, must fit
    in memory. Their SQL names three bounds; as compiled they bound nothing, so it reads as one SELECT over everything (unit tests, Spark,
    explain), and the materialization puts in those of each month in turn. A month holds (its first midnight, the next one]:
    times are ENDs of intervals. -#}
{% macro batch_read_from() -%}cast('0001-01-01 00:00:00' as timestamp){%- endmacro %}
{% macro batch_from() -%}cast('0001-01-02 00:00:00' as timestamp){%- endmacro %}
{% macro batch_to() -%}cast('9999-12-31 00:00:00' as timestamp){%- endmacro %}

{% macro batch_sql(sql, month) -%}
    {%- set first = modules.datetime.datetime(month.year, month.month, 1) -%}
    {%- set next = modules.datetime.datetime(month.year + month.month // 12, month.month % 12 + 1, 1) -%}
    {%- set before = first - modules.datetime.timedelta(days=1) -%}
    {{ return(sql
        | replace(jianhu.batch_read_from(), "cast('" ~ before.strftime('%Y-%m-%d %H:%M:%S') ~ "' as timestamp)")
        | replace(jianhu.batch_from(), "cast('" ~ first.strftime('%Y-%m-%d %H:%M:%S') ~ "' as timestamp)")
        | replace(jianhu.batch_to(), "cast('" ~ next.strftime('%Y-%m-%d %H:%M:%S') ~ "' as timestamp)")) }}
{%- endmacro %}

{#- first days of the months of the fine tier, in order -#}
{% macro batch_months() -%}
    {%- set months = [] -%}
    {%- for name in var('fine_models') -%}
        {%- set relation = api.Relation.create(database=this.database, schema=this.schema, identifier=name) -%}
        {%- for row in run_query('select distinct month from ' ~ relation ~ ' where month is not null').rows -%}
            {%- if row[0] not in months -%}{%- do months.append(row[0]) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(months | sort) }}
{%- endmacro %}

{#- the columns in the order of the contract; what the contract does not name stays and is told -#}
{% macro create_by_contract(relation, sql) -%}
    {%- set named = model.columns.values() | map(attribute='name') | join(', ') if config.get('contract').enforced -%}
    create table {{ relation }} as
    select {{ named ~ ', * exclude (' ~ named ~ ')' if named else '*' }} from (
        {{ sql }}
    )
{%- endmacro %}

{% materialization table, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set months = jianhu.batch_months() if config.get('meta', {}).get('by_month') else [] -%}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {%- if not months -%}
        {% call statement('main') -%}{{ jianhu.create_by_contract(target_relation, sql) }}{%- endcall %}
    {%- endif -%}
    {%- for month in months -%}
        {%- set of_month = jianhu.batch_sql(sql, month) -%}
        {% call statement('main') -%}
            {% if loop.first %}{{ jianhu.create_by_contract(target_relation, of_month) }}
            {%- else %}insert into {{ target_relation }} by name {{ of_month }}
            {%- endif %}
        {%- endcall %}
        {% do log(this.identifier ~ ': ' ~ month ~ ' (' ~ loop.index ~ ' of ' ~ (months | length) ~ ' months)', info=true) %}
    {%- endfor -%}
    {%- if config.get('contract').enforced -%}
        {{ get_assert_columns_equivalent('select * from ' ~ target_relation) }}
    {%- endif -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
