-- grain: subject_id × period_type × period
-- rural drinking-water sites: due samples, coverage, compliance, repeated failures
{{ drinking_report('rural_water', ['half_year', 'year']) }}
