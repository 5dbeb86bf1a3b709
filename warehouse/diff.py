"""What a release changes: tables, rows, months and indicator cells against another release.

Invariant: equal hashes are equal rows, so a table or month that is not named here did not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from warehouse.raw import quote

# key and shown columns of the tables whose cells people ask about
CELLS = {
    "fct_indicator_value": (
        ("subject_type", "subject_id", "indicator_code", "period_type", "period", "basis"),
        ("value", "applicability", "reason_zh", "policy_version"),
    ),
    "fct_index_score": (
        ("index_code", "scheme_version", "subject_id", "period_type", "period", "component_code"),
        ("value", "score", "contribution", "amount_10k_cny", "withheld_reason_zh"),
    ),
}
CELL_LIMIT = 2000


def diff_tables(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the `tables` of two release.json. Returns added, removed, changed (rows and months), unchanged count."""
    changed = {}
    for name in sorted(set(before) & set(after)):
        b, a = before[name], after[name]
        if b["hash"] == a["hash"] and b["rows"] == a["rows"]:
            continue
        entry: dict[str, Any] = {"rows_before": b["rows"], "rows_after": a["rows"]}
        bm, am = b.get("months", {}), a.get("months", {})
        if bm or am:
            entry["months"] = sorted(m for m in set(bm) | set(am) if bm.get(m) != am.get(m))
        changed[name] = entry
    return {
        "added": sorted(set(after) - set(before)),
        "removed": sorted(set(before) - set(after)),
        "changed": changed,
        "unchanged_count": len(set(before) & set(after)) - len(changed),
    }


def diff_cells(con: duckdb.DuckDBPyConnection, before: str, after: str) -> dict[str, Any]:
    """Changed cells of the indicator and score tables; before, after: SQL prefixes (`prev.main`) that con knows.

    Returns by table: count, cells (at most CELL_LIMIT, in key order), truncated.
    """
    out: dict[str, Any] = {}
    for name, (keys, shown) in CELLS.items():
        have_b, have_a = _columns(con, f"{before}.{quote(name)}"), _columns(con, f"{after}.{quote(name)}")
        if not have_b or not have_a:
            continue
        keys_here = [k for k in keys if k in have_b and k in have_a]
        shown_here = [c for c in shown if c in have_b and c in have_a]
        on = " and ".join(f"b.{k} is not distinct from a.{k}" for k in keys_here)
        differs = " or ".join(f"b.{c} is distinct from a.{c}" for c in shown_here)
        select = ", ".join(
            [f"coalesce(a.{k}, b.{k}) as {k}" for k in keys_here]
            + ["case when not coalesce(b._here, false) then 'added' when not coalesce(a._here, false) then 'removed' "
               "else 'changed' end as change"]
            + [f"cast(b.{c} as varchar) as {c}_before, cast(a.{c} as varchar) as {c}_after" for c in shown_here]
        )  # fmt: skip
        body = (
            f"from (select *, true as _here from {before}.{quote(name)}) b "
            f"full join (select *, true as _here from {after}.{quote(name)}) a on {on} "
            f"where {differs} or not coalesce(a._here, false) or not coalesce(b._here, false)"
        )
        total = con.execute(f"select count(*) {body}").fetchone()
        order = ", ".join(str(i + 1) for i in range(len(keys_here)))
        rows = con.execute(f"select {select} {body} order by {order} limit {CELL_LIMIT}")
        names = [d[0] for d in rows.description or []]
        cells = [dict(zip(names, r, strict=True)) for r in rows.fetchall()]
        count = int(total[0]) if total else 0
        out[name] = {"count": count, "truncated": count > len(cells), "cells": cells}
    return out


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    try:
        return {d[0] for d in con.execute(f"describe select * from {relation}").fetchall()}
    except duckdb.CatalogException:
        return set()
