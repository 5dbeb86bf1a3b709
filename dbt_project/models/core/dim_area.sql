-- grain: area_code
select area_code, name_zh, area_type, parent_code, assessment_group, valid_from, valid_to
from {{ ref('area') }}
