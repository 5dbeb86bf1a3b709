{#- How a seed is loaded: DuckDB reads the file, or the files of a seed in parts, into one table with the types that the seed's YAML
    states. dbt's own way reads every cell in Python first, only to learn the columns' names. -#}
{% materialization seed, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set files = [adapter.get_seed_file_path(model)] -%}
    {%- for part in var('seed_parts').get(model.name, []) -%}
        {%- do files.append(model.root_path ~ '/' ~ part) -%}
    {%- endfor -%}
    {%- set types = [] -%}
    {%- for column, type in (config.get('column_types') or {}).items() -%}
        {%- do types.append("'" ~ column ~ "': '" ~ type ~ "'") -%}
    {%- endfor -%}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {% call statement('main', fetch_result=True) -%}
        create table {{ target_relation }} as
        select * from read_csv(
            ['{{ files | join("', '") }}'], header = true, delim = ',', quote = '"'
            {%- if types %}, types = {{ '{' ~ types | join(', ') ~ '}' }}{% endif %}

        )
    {%- endcall %}
    {%- do store_result('agate_table', response='OK', agate_table=load_result('main').table) -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
