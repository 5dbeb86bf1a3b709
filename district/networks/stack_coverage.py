"""Coverage of gas outlets: permits that name a characteristic factor (non-methane hydrocarbons), monitored at one outlet and at no other.

Invariant: the background keeps far under every figure; what is planted is the permitted factors that nothing ever measures.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np

from district.names import stream
from district.networks import Base, Feed
from district.plan import District, Outlet, Row
from district.stack import GAS_FACTORS
from district.truth_kind import Kind

NMHC, LIMIT = "a24088", 80.0


def _permit(d: District, o: Outlet) -> Row:
    """A row of permit_register beside those of the plan, of the same import."""
    return {
        "permit_no": o.permit_no, "uscc": o.uscc, "site_code": o.site_code, "issued_date": date(2023, 3, 1),
        "expiry_date": date(2028, 2, 29), "outlet_code": o.code, "outlet_name": o.name, "medium": o.medium, "mn": o.mn,
        "factor_code": NMHC, "compliance_statistic": "hourly_mean", "limit_value": LIMIT, "limit_low": None,
        "limit_unit": "mg/m3", "conversion": "none", "reference_oxygen_pct": None, "exempt_states": "F|C|M",
        "effective_from": datetime(2020, 1, 1), "effective_to": None, "changed_at": d.begin + timedelta(minutes=5),
        "is_deleted": False,
    }  # fmt: skip


def _pages(d: District, o: Outlet) -> Iterator[tuple[str, list[Row]]]:
    rng = stream(d.seed, f"stack nmhc {o.outlet_id}")
    told = np.round(rng.uniform(8, 32, d.days * 24), 2)
    for day in range(d.days):
        yield f"{d.first + timedelta(days=day)}", [
            {"outletId": o.outlet_id, "dataTime": f"{d.begin + timedelta(hours=h + 1):%Y-%m-%d %H:%M:%S}", "auditState": "preliminary",
             "nmhc_mg_m3": f"{told[h]:.2f}"}
            for h in range(day * 24, day * 24 + 24)
        ]  # fmt: skip


def make(base: Base) -> Feed:
    """Permit rows of the factor for three outlets, readings of the first, and the truth of what nobody measures."""
    d = base.d
    gas = [o for o in d.outlets if o.medium == "gas"]
    watched = [o for o in gas if o.channel != "none"]
    named = watched[:3]
    unmonitored: list[Row] = []
    for o in gas:
        factors = {
            x.factor for x in o.limits if x.statistic in ("hourly_mean", "daily_mean") and not x.is_deleted
        }
        if o in named:
            factors.add(NMHC)
        heard = set(GAS_FACTORS[o.kind]) if o.channel != "none" else set()
        if named and o is named[0]:
            heard.add(NMHC)
        unmonitored += [{"outlet_id": o.outlet_id, "factor_code": f} for f in sorted(factors - heard)]
    return Feed(
        database={"permit_register": [_permit(d, o) for o in named]},
        platform={"stack_characteristic_hourly": list(_pages(d, named[0]))} if named else {},
        truth={"stack_factor_unmonitored": unmonitored},
    )


KINDS = {
    "stack_factor_unmonitored": Kind(
        ("fct_stack_coverage", "rpt_stack_coverage"),
        """
        with told as (
            select c.outlet_id, c.factor_code from fct_stack_coverage c
            where c.is_permitted and exists (select 1 from rpt_stack_coverage r where r.subject_id = c.outlet_id and r.coverage_pct < 100)
            group by all having sum(c.hour_count) = 0)
        select (select count(*) from planted p inner join told t using (outlet_id, factor_code)) as found,
               (select count(*) from told t where not exists (
                    select 1 from planted p where p.outlet_id = t.outlet_id and p.factor_code = t.factor_code)) as falsely_found""",
        "permitted factors of gas outlets that nothing ever measured",
    )
}
