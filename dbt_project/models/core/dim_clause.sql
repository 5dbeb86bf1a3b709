-- grain: clause_id
select clause_id, standard_no, clause, title_zh, valid_from, repealed_on, replaced_by, status, source_note
from {{ ref('clause') }}
