"""`jianhu query`: one SELECT on a release, read-only, with no way to files or other databases.

Invariant: nothing is written and nothing outside the opened release is read.
"""

from __future__ import annotations

import csv as csv_module
import json
import sys
from decimal import Decimal
from typing import Any, Literal

import duckdb

from extract.errors import UsageError
from extract.home import Home
from warehouse.connect import connect

TERMINAL_LIMIT = 200
_ALLOWED = ("SELECT", "EXPLAIN")


def run(
    home: Home,
    sql: str,
    *,
    form: Literal["table", "json", "csv"],
    limit: int | None = None,
    release: str | None = None,
    restricted: bool = False,
) -> None:
    """Print the rows of one SELECT. limit: rows at most (0 = all; None = TERMINAL_LIMIT for a table, else all)."""
    with connect(home, restricted=restricted, release_id=release, closed=True) as con:
        _check(con, sql)
        most = (TERMINAL_LIMIT if form == "table" else 0) if limit is None else limit
        try:
            found = con.execute(sql)
            names = [d[0] for d in found.description or []]
            rows = found.fetchmany(most + 1) if most else found.fetchall()
        except duckdb.Error as e:
            raise UsageError(
                "the query failed: " + " ".join(str(e).split("\n\n")[0].split()),
                todo='see the tables with: jianhu query "SHOW TABLES"',
            ) from e
    cut = bool(most) and len(rows) > most
    rows = rows[:most] if cut else rows
    if form == "json":
        body = [dict(zip(names, map(_json, r), strict=True)) for r in rows]
        print(json.dumps(body, ensure_ascii=False, default=str))
    elif form == "csv":
        writer = csv_module.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([["" if v is None else v for v in r] for r in rows])
    else:
        _table(names, rows)
    if cut:
        print(f"only the first {most} rows are shown; --limit 0 shows all", file=sys.stderr)


def _check(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as e:
        raise UsageError("this is not SQL: " + " ".join(str(e).split())[:400]) from e
    kinds = [s.type.name for s in statements]
    if len(kinds) != 1 or kinds[0] not in _ALLOWED:
        raise UsageError(
            "only one SELECT is answered",
            where=f"statements: {', '.join(kinds) or 'none'}",
            rule="a release is read, never written",
        )


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        number = int(value) if value == value.to_integral_value() else float(value)
        return number if Decimal(repr(number)) == value else str(value)
    return value


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for i, name in enumerate(names):
        numeric = any(isinstance(r[i], int | float | Decimal) for r in rows[:20])
        table.add_column(escape(name), justify="right" if numeric else "left", overflow="fold")
    for r in rows:
        table.add_row(*("" if v is None else escape(str(v)) for v in r))
    Console().print(table)
    print(f"{len(rows)} rows", file=sys.stderr)
