"""`jianhu status` and `jianhu diff`: what a home holds, read without building anything."""

from __future__ import annotations

from typing import Any

from extract.home import Home
from extract.source import load_sources
from warehouse import connect as reading
from warehouse import releases
from warehouse.inputs import parse_as_of
from warehouse.quality import freshness
from warehouse.raw import literal

_STATE_WORDS = {"fresh": "fresh", "stale": "STALE", "absent": "no load", "optional_absent": "optional"}


def status(home: Home, as_of: str | None = None) -> dict[str, Any]:
    """Sources with loads and freshness at as_of (default: now), the current release, the stale sources."""
    from extract import landing

    sources = load_sources()
    ledger = landing.ledger(home)
    winning = landing.winners(ledger, sources).to_pylist()
    at = parse_as_of(as_of, home)
    fresh = freshness(sources, winning, at)
    release: dict[str, Any] | None = None
    try:
        r = reading.current_release(home)
        release = {k: r[k] for k in ("id", "as_of", "scheme_mode", "code_commit", "warnings")}
        release["path"] = str(reading.current_folder(home))
        release["loads"] = len(r["loads"])
        told = {(x["source"], x["load_id"], x["seq"]) for x in r["loads"]}
        release["loads_not_released"] = sum(
            (x["source"], x["load_id"], x["seq"]) not in told for x in winning
        )
    except reading.NoRelease:
        pass
    return {
        "home": str(home.root),
        "as_of": at,
        "release": release,
        "releases": len(releases.listing(home)),
        "loads": ledger.num_rows,
        "winning_loads": len(winning),
        "sources": fresh,
        "stale": [s["source"] for s in fresh if s["state"] == "stale"],
        "absent": [s["source"] for s in fresh if s["state"] == "absent"],
    }


def show(body: dict[str, Any]) -> None:
    """The terminal page of `status`."""
    from rich.console import Console
    from rich.table import Table

    out = Console()
    release = body["release"]
    out.print(f"home     {body['home']}   as of {body['as_of']}", highlight=False)
    if release:
        out.print(
            f"release  [bold]{release['id']}[/]  as of {release['as_of']}  {release['scheme_mode']}",
            highlight=False,
        )
        if release["loads_not_released"]:
            out.print(f"         {release['loads_not_released']} newer loads wait for `jianhu refresh`")
        for line in release["warnings"]:
            out.print(f"       ! {line}", highlight=False, markup=False)
    else:
        out.print("release  none yet: jianhu extract --all, then jianhu refresh")
    table = Table(box=None, header_style="bold")
    for name, right in (
        ("source", False), ("来源", False), ("state", False), ("age h", True), ("fresh h", True), ("loads", True),
        ("rows", True), ("rejected", True), ("schedule", False),
    ):  # fmt: skip
        table.add_column(name, justify="right" if right else "left")
    colour = {"fresh": "green", "stale": "red", "absent": "yellow", "optional_absent": "dim"}
    for s in body["sources"]:
        word = f"[{colour[s['state']]}]{_STATE_WORDS[s['state']]}[/]"
        age = "" if s["age_hours"] is None else str(s["age_hours"])
        table.add_row(
            s["source"], s["name_zh"], word, age, str(s["freshness_hours"]), str(s["loads"]),
            f"{s['rows_loaded']:,}", f"{s['rows_rejected']:,}", s["schedule"],
        )  # fmt: skip
    out.print(table)


def diff_releases(home: Home, before: str, after: str) -> dict[str, Any]:
    """Tables, rows, months and indicator cells that differ between two releases of a home."""
    import duckdb

    from warehouse import diff as differences

    b, a = reading.release_folder(home, before), reading.release_folder(home, after)
    rb, ra = reading.read_release(b), reading.read_release(a)
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(b / reading.DB_NAME))} as prev (read_only)")
        con.execute(f"attach {literal(str(a / reading.DB_NAME))} as next (read_only)")
        cells = differences.diff_cells(con, "prev.main", "next.main")
    known = {(x["source"], x["load_id"], x["seq"]) for x in rb["loads"]}
    newer = {(x["source"], x["load_id"], x["seq"]) for x in ra["loads"]}
    return {
        "before": rb["id"],
        "after": ra["id"],
        "inputs": {
            "loads_added": len(newer - known),
            "loads_removed": len(known - newer),
            "code_changed": rb["code_hash"] != ra["code_hash"],
            "seeds_changed": rb["seeds_hash"] != ra["seeds_hash"],
            "as_of": [rb["as_of"], ra["as_of"]],
            "scheme_mode": [rb["scheme_mode"], ra["scheme_mode"]],
        },
        **differences.diff_tables(rb["tables"], ra["tables"]),
        "cells": cells,
    }


def show_diff(body: dict[str, Any]) -> None:
    """The terminal page of `diff`."""
    i = body["inputs"]
    print(f"{body['before']} -> {body['after']}")
    print(
        f"loads +{i['loads_added']} -{i['loads_removed']}, code {'changed' if i['code_changed'] else 'equal'}, "
        f"seeds {'changed' if i['seeds_changed'] else 'equal'}, as of {i['as_of'][0]} -> {i['as_of'][1]}"
    )
    for word in ("added", "removed"):
        for name in body[word]:
            print(f"  {word} table {name}")
    for name, c in body["changed"].items():
        months = ", ".join(m[:7] for m in (c.get("months") or [])[:6])
        print(
            f"  {name}: {c['rows_before']:,} -> {c['rows_after']:,} rows"
            + (f"; months {months}" if months else "")
        )
    for name, c in body["cells"].items():
        print(f"  {name}: {c['count']:,} cells")
        for cell in c["cells"][:10]:
            key = " ".join(
                str(v) for k, v in cell.items() if not k.endswith(("_before", "_after")) and v is not None
            )
            print(f"    {key}: {cell.get('value_before')} -> {cell.get('value_after')}")
    print(f"  {body['unchanged_count']} tables equal")
