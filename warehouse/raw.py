"""Raw relations: one table per declared source, made once per build from the list of winning loads.

Invariant: `raw.<source>` holds exactly the rows of the loads in the list it was given, under the names and types of
docs/contracts.md section 1; a source without loads has an empty table, so that every model always compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from extract.errors import UserError
from extract.home import Home
from extract.source import Source

LEDGER_COLUMNS: tuple[tuple[str, str], ...] = (
    ("load_id", "varchar"),
    ("source", "varchar"),
    ("part", "varchar"),
    ("window_start", "date"),
    ("window_end", "date"),
    ("seq", "bigint"),
    ("payload_name", "varchar"),
    ("payload_sha256", "varchar"),
    ("records_in", "bigint"),
    ("rows_in", "bigint"),
    ("rows_loaded", "bigint"),
    ("rows_rejected", "bigint"),
)

LINEAGE: tuple[tuple[str, str], ...] = (
    ("_row_no", "bigint"),
    ("_col", "varchar"),
    ("_null_reason", "varchar"),
    ("_load_id", "varchar"),
    ("_seq", "bigint"),
    ("_part", "varchar"),
    ("_window_start", "date"),
    ("_window_end", "date"),
)
_FROM_LEDGER = {
    "_load_id": "load_id",
    "_seq": "seq",
    "_part": "part",
    "_window_start": "window_start",
    "_window_end": "window_end",
}


def quote(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def raw_columns(source: Source) -> list[tuple[str, str]]:
    """(name, type) of the raw table of a source, in order: declared columns with their companions, then lineage."""
    out: list[tuple[str, str]] = []
    for c in source.columns:
        out.append((c.name, c.data_type))
        if not c.is_text:
            out.append((f"{c.name}_as_sent", "varchar"))
        if c.parse == "measurement":
            out += [(f"{c.name}_qualifier", "varchar"), (f"{c.name}_detection_limit", "decimal(18,6)")]
    return [*out, *LINEAGE]


def value_column(source: Source) -> str:
    """The column whose blank makes a row blank: `value` where there is one, else the last declared one."""
    names = [c.name for c in source.columns]
    return "value" if "value" in names else names[-1]


def rows_file(home: Home, path: str) -> Path:
    """The rows.parquet of a load; `path` is the load's folder as the ledger tells it (absolute or within landing)."""
    p = Path(path)
    if not p.is_absolute():
        p = home.landing / p if (home.landing / p).exists() else home.root / p
    return p if p.suffix == ".parquet" else p / "rows.parquet"


def create_raw(
    con: duckdb.DuckDBPyConnection,
    sources: Mapping[str, Source],
    winners: pa.Table,
    home: Home,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Make schema `raw` with `load_ledger` and one table per declared source; returns rows per source.

    winners: the columns of LEDGER_COLUMNS and `path`, one row per load that counts. Loads of sources that are no
    longer declared stay in the ledger and make no table. Raises UserError naming load and column when a file
    cannot be read as its source's YAML says.
    """
    con.execute("create schema if not exists raw")
    con.register("_winners_in", winners)
    select = ", ".join(f"cast({n} as {t}) as {n}" for n, t in LEDGER_COLUMNS)
    con.execute(
        f"create or replace table raw.load_ledger as select {select} from _winners_in "
        "order by source, part, window_start, window_end, seq, load_id"
    )
    con.unregister("_winners_in")
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in winners.to_pylist():
        by_source.setdefault(row["source"], []).append(row)
    counts: dict[str, int] = {}
    for name, source in sources.items():
        counts[name] = _create_one(con, source, by_source.get(name, []), home)
        if progress and counts[name]:
            progress(f"raw {name}: {counts[name]:,} rows of {len(by_source[name])} loads")
    return counts


def _create_one(
    con: duckdb.DuckDBPyConnection, source: Source, loads: list[dict[str, Any]], home: Home
) -> int:
    table = f"raw.{quote(source.name)}"
    columns = raw_columns(source)
    declared = ", ".join(f"{quote(n)} {t}" for n, t in columns)
    loads = [r for r in loads if (r["rows_loaded"] or 0) > 0]
    if not loads:
        con.execute(f"create or replace table {table} ({declared})")
        return 0
    files: list[dict[str, Any]] = []
    for r in loads:
        file = rows_file(home, r["path"])
        if not file.exists():
            raise UserError(
                f"a load of source {source.name!r} has lost its rows",
                where=f"file {file}",
                rule="a load is whole or absent (DESIGN: source, slice, load)",
                todo=f"run `jianhu extract {source.name} --reparse`, or remove the load's folder",
            )
        files.append({**r, "file": str(file)})
    if source.is_fine:
        return _create_view(con, source, files)
    listed = "[" + ", ".join(literal(f["file"]) for f in files) + "]"
    reader = f"read_parquet({listed}, union_by_name=true, filename='_file')"
    try:
        present = {d[0] for d in con.execute(f"describe select * from {reader}").fetchall()}
        con.register("_loads_in", pa.Table.from_pylist(_slim(files), schema=_LOADS_SCHEMA))
        value = value_column(source)
        exprs = []
        for name, dtype in columns:
            if name in _FROM_LEDGER:
                expr = f"cast(l.{_FROM_LEDGER[name]} as {dtype})"
            elif name in present:
                expr = f"cast(r.{quote(name)} as {dtype})"
            elif name == "_null_reason" and value in present:
                expr = f"case when r.{quote(value)} is null then 'blank' end"
            else:
                expr = f"cast(null as {dtype})"  # declared after this load was made
            exprs.append(f"{expr} as {quote(name)}")
        con.execute(
            f"create or replace table {table} as select {', '.join(exprs)} "
            f"from {reader} r join _loads_in l on l.file = r._file"
        )
    except duckdb.Error as e:
        raise UserError(
            f"the loads of source {source.name!r} do not fit its declaration",
            where=f"{len(files)} loads, first {files[0]['file']}: {str(e).splitlines()[0]}",
            rule=f"docs/contracts.md 1; extract/sources/{source.name}.yml",
            todo=f"run `jianhu extract {source.name} --reparse`",
        ) from e
    finally:
        con.execute("drop view if exists _loads_in")
    row = con.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])


def _create_view(con: duckdb.DuckDBPyConnection, source: Source, files: list[dict[str, Any]]) -> int:
    """The raw relation of a source of the fine tier: a view over the files of its winning loads, which never change.

    A copy would hold the texts of hundreds of millions of rows twice. What the ledger tells of a load is read from its path
    (landing/<source>/<yyyy-mm>/<yyyymmdd-yyyymmdd>/<seq>-<load>/rows.parquet), once for every few thousand rows.
    """
    table = f"raw.{quote(source.name)}"
    listed = "[" + ", ".join(literal(str(Path(f["file"]).absolute())) for f in files) + "]"
    shapes = con.execute(
        f"select count(distinct shape) from (select file_name, string_agg(name || type, ',' order by name) as shape "
        f"from parquet_schema({listed}) group by file_name)"
    ).fetchone()
    union = "" if shapes == (1,) else ", union_by_name=true"
    reader = f"read_parquet({listed}, filename='_file'{union})"
    present = {d[0] for d in con.execute(f"describe select * from {reader}").fetchall()}
    told = {
        "_load_id": "substr(r._file, length(r._file) - 28, 16)",
        "_seq": "cast(split_part(split_part(r._file, '/', -2), '-', 1) as bigint)",
        "_part": "cast(null as varchar)",
        "_window_start": "cast(try_strptime(split_part(split_part(r._file, '/', -3), '-', 1), '%Y%m%d') as date)",
        "_window_end": "cast(try_strptime(split_part(split_part(r._file, '/', -3), '-', 2), '%Y%m%d') as date)",
    }
    exprs = [
        f"{told[n] if n in told else f'cast(r.{quote(n)} as {t})' if n in present else f'cast(null as {t})'} as {quote(n)}"
        for n, t in raw_columns(source)
    ]
    con.execute(f"drop table if exists {table}")
    con.execute(f"create or replace view {table} as select {', '.join(exprs)} from {reader} r")
    return sum(int(f["rows_loaded"]) for f in files)


_LOADS_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("load_id", pa.string()),
        ("seq", pa.int64()),
        ("part", pa.string()),
        ("window_start", pa.string()),
        ("window_end", pa.string()),
    ]
)


def _slim(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def text(value: Any) -> Any:
        return value if value is None or isinstance(value, int) else str(value)

    return [{k: text(f.get(k)) for k in _LOADS_SCHEMA.names} for f in files]
