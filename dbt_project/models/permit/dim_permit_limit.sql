-- grain: outlet_id × factor_code × compliance_statistic × valid_from_at
-- type 2: a figure holds from its instant to the sooner of its own end and the next figure's instant. Expiry of the
-- permit itself ends nothing here: it is told beside, for an inspector to judge.
{{ config(meta={'evidence': [
    {'parent': 'stg_permit_register', 'label_zh': '许可证限值（暂存层）',
        'on': {'site_code': 'site_code', 'factor_code': 'factor_code'}}], 'clause': "'permit_reg_17'"}) }}
select
    p.permit_no, concat(p.site_code, ':', p.outlet_code) as outlet_id, p.site_code, p.medium, p.factor_code,
    p.compliance_statistic,
    cast({{ mul('p.limit_value', 'coalesce(u.multiplier, 1)', 6) }} as decimal(18, 6)) as limit_value,
    cast({{ mul('p.limit_low', 'coalesce(u.multiplier, 1)', 6) }} as decimal(18, 6)) as limit_low,
    p.limit_unit, p.conversion, p.reference_oxygen_pct, p.exempt_states,
    p.effective_from as valid_from_at,
    case
        when p.next_from is null then p.effective_to
        when p.effective_to is null or p.effective_to > p.next_from then p.next_from
        else p.effective_to
    end as valid_to_at,
    p.expiry_date, p.changed_at, p._load_id, p._row_no
from (
    select
        *,
        lead(effective_from) over (
            partition by site_code, outlet_code, factor_code, compliance_statistic order by effective_from
        ) as next_from,
        row_number() over (
            partition by site_code, outlet_code, factor_code, compliance_statistic, effective_from
            order by changed_at desc, permit_no desc
        ) as rank_in_instant
    from {{ ref('stg_permit_register') }}
    where not is_deleted
) as p
left join {{ ref('source_unit') }} as u on p.limit_unit = u.unit_as_sent
where p.rank_in_instant = 1
