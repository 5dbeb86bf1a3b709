-- grain: point_id × factor_code × statistic × averaging_minutes × cadence × period_start_date
-- What should have come: every point of the register × every series its kind owes × every period that is over at as_of.
-- A kind is expected from the first day on which any of its points sent anything; one that never sent, from the first day
-- on which anything came at all, so that a network that was never connected shows as silent.
with series as (
    select medium, role, network, factor_code, statistic, averaging_minutes, cadence, expected_count, valid_from, valid_to,
        status
    from {{ ref('expected_series') }}
),

points as (
    select point_id, medium, role, network, town_code, valid_from, valid_to from {{ ref('dim_point') }}
),

seen as (
    select p.medium, p.role, min(d.observed_date) as first_date
    from (
        select point_id, min(observed_date) as observed_date from {{ ref('int_network_day') }}
        group by point_id
    ) as d
    inner join (select distinct point_id, medium, role from points) as p on d.point_id = p.point_id
    group by p.medium, p.role
),

ever as (
    select min(observed_date) as first_date from {{ ref('int_network_day') }}
),

owed as (
    select
        p.point_id, p.medium, p.role, p.network, p.town_code, p.valid_from as point_from, p.valid_to as point_to,
        e.factor_code, e.statistic, e.averaging_minutes, e.cadence, e.expected_count, e.valid_from, e.valid_to, e.status,
        coalesce(s.first_date, ever.first_date) as first_date
    from points as p
    inner join series as e
        on p.medium = e.medium and p.network = e.network and (e.role is null or p.role = e.role)
    left join seen as s on p.medium = s.medium and p.role = s.role
    cross join ever
),

periods as (
    {%- for cadence in ['day', 'month', 'quarter', 'half_year', 'year'] %}
    select distinct
        '{{ cadence }}' as cadence,
        {{ cadence_start('date_day', "'" ~ cadence ~ "'") }} as period_start_date,
        {{ cadence_end(cadence_start('date_day', "'" ~ cadence ~ "'"), "'" ~ cadence ~ "'") }} as period_end_date
    from {{ ref('dim_date') }}
    where date_day >= (select first_date from ever) and date_day < {{ as_of() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    o.point_id, o.factor_code, o.statistic, o.averaging_minutes, o.cadence, d.period_start_date, d.period_end_date,
    o.medium, o.role, o.town_code,
    cast(o.expected_count as bigint) as expected_count,
    {{ month_of('d.period_start_date') }} as month,
    o.status
from owed as o
inner join periods as d
    on o.cadence = d.cadence
    and d.period_end_date <= {{ date_of(as_of()) }}
    and d.period_end_date > o.first_date
    and {{ in_force('d.period_start_date', 'o.') }}
    and (o.point_from is null or o.point_from <= d.period_start_date)
    and (o.point_to is null or o.point_to > d.period_start_date)
