-- grain: clause_id
{{ union_models(var('clause_seeds'), clause_columns()) }}
