"""Figures of a trial: SQL of warehouse/trial/ on what was built, and the account of every row.

Invariant: one query's fault hides no other figure; what was not loaded is null, never zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.errors import UserError
from extract.home import REPO, Home

if TYPE_CHECKING:
    import duckdb

    from warehouse.trial import Trial

SQL_FOLDER = REPO / "warehouse" / "trial"
COUNTS = ("records_in", "rows_in", "rows_loaded", "rows_rejected")


def winners(home: Home) -> list[dict[str, Any]]:
    """The loads that count: rows of the ledger."""
    from extract import ledger
    from extract.source import load_sources

    rows: list[dict[str, Any]] = ledger.winners(ledger.ledger(home), load_sources()).to_pylist()
    return rows


def measure(trial: Trial, built: Path | None) -> None:
    """Fill the sections of the trial's result from what was built; without a build, what the accounts alone tell."""
    loaded = {r["source"] for r in winners(trial.home)}
    for name, section in trial.plan.sections.items():
        trial.result[name] = dict.fromkeys(section.keys)
        if not loaded & set(section.sources):
            trial.notes.append(f"{name}: null: nothing was loaded from {' or '.join(section.sources)}")
    with _open(built) as con:
        _accounts(con, trial.home)
        for path in sorted(SQL_FOLDER.glob("*.sql")):
            name = path.stem.split("-")[0]
            section_ = trial.plan.sections.get(name)
            if section_ is not None and not loaded & set(section_.sources):
                continue
            try:
                trial.result.setdefault(name, {}).update(_one_row(con, path))
            except Exception as e:  # one query's fault must not hide the figures of the others
                if built is None:
                    continue  # the build's fault is told already; what rests on the accounts alone was made
                trial.faults.append(f"{path.name}: {type(e).__name__}: {str(e).splitlines()[0]}")
    for name, section in trial.plan.sections.items():
        lacking = [k for k in section.keys if trial.result[name].get(k) is None]
        if lacking and loaded & set(section.sources):
            trial.notes.append(f"{name}: no figure for {', '.join(lacking)}")


@contextmanager
def _open(built: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """What was built, read-only: all its tables, restricted ones as `restricted`; nothing without a build."""
    import duckdb

    if built is None:
        with duckdb.connect() as empty:
            yield empty
        return
    with duckdb.connect(str(built / "build.duckdb"), read_only=True) as con:
        restricted = str(built / "restricted.duckdb").replace("'", "''")
        if Path(built / "restricted.duckdb").exists():
            con.execute(f"attach '{restricted}' as restricted (read_only)")
        yield con


def _accounts(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Temporary tables trial_ledger, trial_rejected, trial_duplicate, trial_stat of the loads that count."""
    import pyarrow as pa

    loads = winners(home)
    kept = ("source", "part", "window_start", "window_end", "payload_name", *COUNTS)
    kinds = {"window_start": pa.date32(), "window_end": pa.date32(), **{k: pa.int64() for k in COUNTS}}
    schema = pa.schema([(k, kinds.get(k, pa.string())) for k in kept])
    ledger_rows = pa.Table.from_pylist([{k: r[k] for k in kept} for r in loads], schema)
    stats = [
        {"source": r["source"], "part": r["part"], "name": k, "value": v}
        for r in loads
        for k, v in (
            json.loads((Path(r["path"]) / "_load.json").read_text("utf-8")).get("stats") or {}
        ).items()
    ]
    names = pa.schema(
        [("source", pa.string()), ("part", pa.string()), ("name", pa.string()), ("value", pa.int64())]
    )
    stat_rows = pa.Table.from_pylist(stats, names)
    con.register("_ledger", ledger_rows)
    con.register("_stats", stat_rows)
    con.execute("create temp table trial_ledger as select * from _ledger")
    con.execute("create temp table trial_stat as select * from _stats")
    con.execute(
        "create temp table trial_rejected (source varchar, part varchar, check_id varchar, column_name varchar, "
        "row_count bigint)"
    )
    con.execute(
        "create temp table trial_duplicate (source varchar, part varchar, record_no bigint, is_exact boolean)"
    )
    for r in loads:
        path = Path(r["path"]) / "rejected.parquet"
        if path.exists():
            con.execute(
                "insert into trial_rejected select ?, ?, check_id, column_name, count(*) from read_parquet(?) "
                "group by check_id, column_name order by check_id, column_name",
                [r["source"], r["part"], str(path)],
            )
            _duplicates(con, r, path)


def _duplicates(con: duckdb.DuckDBPyConnection, load: dict[str, Any], rejected: Path) -> None:
    """Records that the door turned away because their key came before: exact if every cell is what the kept row says."""
    from extract.source import get_source

    source = get_source(load["source"])
    kept = Path(load["path"]) / "rows.parquet"
    names = {
        d[0] for d in con.execute("select * from read_parquet(?) limit 0", [str(kept)]).description or ()
    }
    told = {c.name: f"{c.name}_as_sent" if f"{c.name}_as_sent" in names else c.name for c in source.columns}

    def same(columns: list[str]) -> str:
        return " and ".join(f'x."{c}" is not distinct from cast(k."{told[c]}" as varchar)' for c in columns)

    con.execute(
        f"insert into trial_duplicate select ?, ?, x._row_no, bool_and(k._row_no is not null and {same(list(told))}) "
        f"from read_parquet(?) x left join read_parquet(?) k on {same(list(source.natural_key))} "
        "where x.check_id = 'duplicate_key' group by x._row_no order by x._row_no",
        [load["source"], load["part"], str(rejected), str(kept)],
    )


def _one_row(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, Any]:
    found = con.execute(path.read_text("utf-8"))
    names = [d[0] for d in found.description or ()]
    rows = found.fetchmany(2)
    if len(rows) != 1:
        raise UserError(f"{len(rows) or 'no'} rows where one is expected", where=path.name)
    out: dict[str, Any] = {}
    for name, value in zip(names, rows[0], strict=True):
        if name.endswith("_json"):
            out[name.removesuffix("_json")] = None if value is None else json.loads(value)
        else:
            out[name] = _plain(value)
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


def conservation(home: Home) -> dict[str, dict[str, int | None]]:
    """records_in, rows_in, loaded, rejected of the loads that count, for every declared source; null where none."""
    from extract.source import load_sources

    sums: dict[str, list[int]] = {}
    for r in winners(home):
        have = sums.setdefault(r["source"], [0] * len(COUNTS))
        sums[r["source"]] = [a + int(r[k]) for a, k in zip(have, COUNTS, strict=True)]
    names = ("records_in", "rows_in", "loaded", "rejected")
    return {s: dict(zip(names, sums.get(s, [None] * 4), strict=True)) for s in load_sources()}
