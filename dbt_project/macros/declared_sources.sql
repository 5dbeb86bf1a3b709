{#- One row per declared source out of its YAML (dbt's own graph): source, name_zh, owner, provider,
    freshness_hours, feeds, slice_kind, is_optional. Nothing is written down twice. -#}
{% macro declared_sources() -%}
    {%- set rows = [] -%}
    {%- if execute -%}
    {%- for node in graph.sources.values() | sort(attribute='name') -%}
        {%- set meta = node.config.meta.get('jianhu', {}) if node.config and node.config.meta else {} -%}
        {%- if not meta.get('system') and meta.get('freshness_hours') -%}
            {%- do rows.append((node.name, meta)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
    {%- for name, meta in rows %}
    select
        '{{ name }}' as source,
        '{{ meta.get("name_zh") | replace("'", "''") }}' as source_name_zh,
        '{{ meta.get("owner") | replace("'", "''") }}' as owner_zh,
        '{{ meta.get("provider") }}' as provider,
        cast({{ meta.get("freshness_hours") }} as bigint) as freshness_hours,
        '{{ meta.get("feeds") }}' as feeds,
        '{{ meta.get("slice").get("kind") }}' as slice_kind,
        {{ 'true' if meta.get("optional") else 'false' }} as is_optional
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as varchar) as source, cast(null as varchar) as source_name_zh, cast(null as varchar) as owner_zh,
        cast(null as varchar) as provider, cast(null as bigint) as freshness_hours, cast(null as varchar) as feeds,
        cast(null as varchar) as slice_kind, cast(null as boolean) as is_optional
    where 1 = 0
    {%- endfor %}
{%- endmacro %}
