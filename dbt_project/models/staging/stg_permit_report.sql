-- grain: permit_no × report_type × report_period
{{ config(meta={'publish': false}) }}
with named as (
    select
        {{ squeeze('r.permit_no') }} as permit_no, {{ tidy('r.enterprise_name') }} as enterprise_name,
        coalesce(a.report_type, {{ squeeze('r.report_type') }}) as report_type,
        {{ squeeze('r.report_period') }} as report_period, r.submitted_at, {{ tidy('r.report_state') }} as report_state,
        r._window_start, r._seq, r._load_id, r._row_no, r._col
    from {{ source('raw', 'permit_report') }} as r
    left join {{ ref('permit_report_alias') }} as a on {{ squeeze('r.report_type') }} = a.alias
),

latest as (
    {{ latest_by_key('named', ['permit_no', 'report_type', 'report_period'], ['_window_start desc'] + arrival_order()) }}
)

select permit_no, enterprise_name, report_type, report_period, submitted_at, report_state, _load_id, _row_no
from latest
