-- grain: point_id × factor_code × statistic × averaging_minutes × observed_at × maturity × value_origin × source
-- Rule marks of readings finer than an hour; only those that carry one.
{{ config(contract={'enforced': false}, meta={'publish': true, 'by_month': true, 'lookback_hours': 24}) }}
{{ reading_marks(var('fine_models'), by_month=true) }}
