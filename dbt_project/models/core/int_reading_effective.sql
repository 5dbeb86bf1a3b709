-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at
-- The one reading that counts in an evaluation; published values are no readings of ours and stay out
{{ config(materialized='view', contract={'enforced': false}, meta={'publish': false, 'lookback_hours': 0}) }}
{{ effective_reading('evaluation', "substr(statistic, 1, 10) <> 'published_'") }}
