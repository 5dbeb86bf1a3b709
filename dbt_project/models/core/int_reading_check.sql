-- grain: flag × factor_code × statistic × averaging_minutes
{{ config(meta={'publish': true}) }}
select flag, medium, factor_code, statistic, averaging_minutes, low_value, high_value, threshold, status, source_note
from {{ ref('reading_check') }}
