-- grain: dmr_form_value_id × limit_value_id × monitoring_period_end_date × dmr_value_id
-- exceedance % = round((value - limit) / limit × 100) of an upper figure, (limit - value) / limit of a lower one
with judged as (
    select
        d.*, q.meaning as limit_side,
        case
            when d.limit_value is null or d.limit_value = 0 or d.dmr_value is null or q.meaning is null then null
            when q.meaning = 'upper' and d.dmr_value > d.limit_value and coalesce(d.dmr_qualifier, '=') <> '<'
                then d.dmr_value - d.limit_value
            when q.meaning = 'lower' and d.dmr_value < d.limit_value and coalesce(d.dmr_qualifier, '=') <> '>'
                then d.limit_value - d.dmr_value
        end as excess
    from {{ ref('stg_permit_dmr_csv') }} as d
    left join {{ ref('permit_dmr_rule') }} as q on q.field = 'limit_qualifier' and q.code = d.limit_qualifier
)

select
    npdes_id, outlet_no, parameter_code, parameter_name, limit_value_id, limit_value, limit_qualifier, limit_side, limit_unit,
    statistical_base, statistical_base_type, monitoring_period_end_date, dmr_form_value_id, dmr_value_id, dmr_value, dmr_qualifier,
    nodi_code, published_exceedance_pct,
    case when excess is not null then cast({{ round_half_up(ratio('excess * 100', 'limit_value', 6), 0, 6) }} as decimal(18, 6)) end
        as exceedance_pct,
    case
        when nodi_code is not null and dmr_value is null then 'no_data'
        when dmr_value is null then 'no_value'
        when limit_value is null then 'no_limit'
        when limit_side is null then 'unknown_qualifier'
        when excess is not null then 'exceedance'
        else 'compliant'
    end as judgement,
    received_date, _load_id, _row_no
from judged
