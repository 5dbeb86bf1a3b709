{#- rows of noise_rule under the scheme of this build: rule, value, status, valid_from, valid_to -#}
{% macro noise_rules() -%}
select rule, value, status, valid_from, valid_to
from {{ ref('noise_rule') }}
where scheme_mode = '{{ var("scheme_mode") }}'
{%- endmacro %}
