{#- Every relation stands in the plain schema of its database: a release is one flat list of names. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema }}
{%- endmacro %}
