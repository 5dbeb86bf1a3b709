-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity × value_origin × source
-- Only readings that carry a mark. The marks change no value; seed flag_effect says what they void.
{{ config(contract={'enforced': false}, meta={'publish': true, 'lookback_hours': 24}) }}
{{ reading_marks(var('reading_models')) }}
