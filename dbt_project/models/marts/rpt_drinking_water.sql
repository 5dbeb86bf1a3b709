-- grain: subject_id × period_type × period
-- sources of drinking water: due samples, coverage, compliance
{{ drinking_report('drinking_source', ['month', 'quarter', 'year']) }}
