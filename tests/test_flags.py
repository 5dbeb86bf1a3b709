"""What may take a value out of an official statistic, and that no average mixes maturities: read from the compiled project.

The effect of each mark on a value is shown by the dbt unit test only_marks_remove_values; here stands that no model goes past it.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from test_dbt_style import compiled, models  # noqa: F401 (a fixture)

from warehouse.dbt import PROJECT_DIR

# models that read fct_reading itself, and why none of them makes a statistic of its values
READS_ALL = {
    "int_network_day": "counts what came",
    "rpt_data_quality": "counts what came",
    "rpt_network_inventory": "shows one value as it is",
    "rpt_reading_removal": "lists what was taken out",
    "rpt_reading_void": "counts marks",
}
# averages over values that may differ in maturity: each input is of one maturity, and the result carries the least mature
CARRIES_LEAST = {
    "fct_air_day": "an area's mean over its points",
    "fct_air_period": "a period's mean over its days",
    "fct_water_section_item": "a quarter's or year's mean over its months",
    "ind_air": "an index of a period over its pollutants",
}


def readers_past_the_choice(nodes: list[dict[str, Any]]) -> set[str]:
    """Names of models that read fct_reading without the macro that lets marks take values out."""
    by_id = {n["unique_id"]: n["name"] for n in nodes}
    return {
        n["name"] for n in nodes
        if "fct_reading" in {by_id.get(p) for p in n["depends_on"]["nodes"]} and "effective_reading(" not in n["raw_code"]
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


def test_values_are_read_only_through_the_choice(compiled: dict[str, Any]) -> None:  # noqa: F811
    past = readers_past_the_choice(models(compiled))
    assert past == set(READS_ALL), "use macro effective_reading: only marks may take a value out"


def test_no_average_mixes_maturities(compiled: dict[str, Any]) -> None:  # noqa: F811
    nodes = models(compiled)
    carries = {
        n["unique_id"] for n in nodes if "maturity" in n["columns"] and n["name"] != "fct_indicator_value"
    }
    told = {
        n["name"]: mixed_means(n["compiled_code"])
        for n in nodes
        if carries & set(n["depends_on"]["nodes"]) and n["name"] not in {*CARRIES_LEAST, *READS_ALL}
    }
    mixed = {name: found for name, found in told.items() if found}
    assert not mixed, mixed


@pytest.mark.parametrize("name", sorted(CARRIES_LEAST))
def test_what_carries_the_least_mature_says_so(name: str) -> None:
    path = next((PROJECT_DIR / "models").rglob(f"{name}.sql"))
    assert re.search(
        r"max\((case when [^)]* then )?(\w+\.)?(rank_no|maturity_rank|priority)", path.read_text("utf-8")
    )


def test_a_mixed_mean_is_noticed() -> None:
    bad = "select point_id, sum(value) as s from readings group by point_id"
    assert mixed_means(bad) == ["SUM(value)"]
    assert not mixed_means(bad.replace("group by point_id", "group by point_id, maturity"))
    assert not mixed_means(
        "select point_id, sum(case when value > 1 then 1 else 0 end) as n from r group by point_id"
    )
