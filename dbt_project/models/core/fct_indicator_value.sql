-- grain: subject_type × subject_id × indicator_code × period_type × period × basis
{{ union_models(var('indicator_models'), indicator_columns()) }}
