-- grain: index_code × scheme_version × subject_id × period_type × period × component_code
{{ union_models(var('score_models'), score_columns()) }}
