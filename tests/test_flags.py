"""What may take a value out of an official statistic, and that no average mixes maturities: read from the compiled project.

The effect of each mark on a value is shown by the dbt unit test only_marks_remove_values; here stands that no model goes past it.
"""

from __future__ import annotations

from typing import Any

import sqlglot
from compiled import models
from sqlglot import exp

# models that read fct_reading itself, and why none of them makes a statistic of its values
READS_ALL = {
    "fct_sea_outfall_inventory": "asks when the last value came",
    "int_network_day": "counts what came",
    "rpt_data_quality": "counts what came",
    "rpt_network_inventory": "shows one value as it is",
    "rpt_reading_removal": "lists what was taken out",
    "rpt_reading_void": "counts marks",
}
# models that sum readings of one maturity without grouping by it, and what makes it one
ONE_MATURITY: dict[str, str] = {}


def readers_past_the_choice(nodes: list[dict[str, Any]]) -> set[str]:
    """Names of models that read fct_reading without the macro that lets marks take values out."""
    by_id = {n["unique_id"]: n["name"] for n in nodes}
    return {
        n["name"] for n in nodes
        if not n["name"].startswith("warn_")  # a warning looks at what was sent and is no statistic
        and "fct_reading" in {by_id.get(p) for p in n["depends_on"]["nodes"]} and "effective_reading(" not in n["raw_code"]
    }  # fmt: skip


def mixed_means(sql: str) -> list[str]:
    """Sums and means of values in a SELECT that groups, but not by maturity; counts of rows are no values."""
    found = []
    for select in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Select):
        group = select.args.get("group")
        if group is None or "maturity" in {c.name for e in group.expressions for c in e.find_all(exp.Column)}:
            continue
        for aggregate in (a for e in select.expressions for a in e.find_all(exp.Sum, exp.Avg, exp.Quantile)):
            argument = aggregate.this
            told = (
                [i.args["true"] for i in argument.args["ifs"]]
                if isinstance(argument, exp.Case)
                else [argument]
            )
            columns = {c.name for t in told for c in t.find_all(exp.Column)}
            if {c for c in columns if not c.endswith(("_count", "_hours", "_in", "_loaded", "_rejected"))}:
                found.append(aggregate.sql()[:80])
    return found


def test_values_are_read_only_through_the_choice(compiled: dict[str, Any]) -> None:
    past = readers_past_the_choice(models(compiled))
    assert past == set(READS_ALL), "use macro effective_reading: only marks may take a value out"


def test_no_average_of_readings_mixes_maturities(compiled: dict[str, Any]) -> None:
    """What sums or averages readings groups them by maturity, or keeps to one interval, which tells one maturity."""
    nodes = models(compiled)
    chosen = {n["unique_id"] for n in nodes if n["name"] == "int_reading_effective"}
    readers = [
        n for n in nodes if "effective_reading(" in n["raw_code"] or chosen & set(n["depends_on"]["nodes"])
    ]
    assert len(readers) > 4
    told = {n["name"]: mixed_means(n["compiled_code"]) for n in readers if n["name"] not in ONE_MATURITY}
    mixed = {name: found for name, found in told.items() if found}
    assert not mixed, mixed


def test_a_mixed_mean_is_noticed() -> None:
    bad = "select point_id, sum(value) as s from readings group by point_id"
    assert mixed_means(bad) == ["SUM(value)"]
    assert not mixed_means(bad.replace("group by point_id", "group by point_id, maturity"))
    assert not mixed_means(
        "select point_id, sum(case when value > 1 then 1 else 0 end) as n from r group by point_id"
    )
