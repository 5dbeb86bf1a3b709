"""From (load, row) back to the payload record, and from payloads up again to the staging rows.

The stored payload is unpacked and read again by its reader, so what is shown comes from the bytes received and is
compared with what landing holds. Staging is not released (it is close to what was sent); its rows are made again here
from the loads that a release names, by the staging model's own SQL.
Without the right to read landing the trail ends at load and row number, and says so.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from extract.errors import UserError
from extract.home import Home

Wanted = tuple[str, int, str | None]
NO_RIGHT = "landing may be read by the restricted group only"
ANY = "\x00any"  # as the column of a wanted row: the model keeps no column, the row number must be enough


class NotPossibleError(Exception):
    """A relation cannot be made again here; the text says why."""


class Landing:
    """Reads landing for one explanation: loads by id, payload records, and relations that a release leaves out."""

    def __init__(
        self, home: Home, con: duckdb.DuckDBPyConnection, models: dict[str, dict[str, Any]], tables: set[str]
    ) -> None:
        self.home, self.con, self.models, self.tables = home, con, models, tables
        self._ledger: list[dict[str, Any]] | None = None
        self._made: dict[tuple[str, frozenset[str] | None], str] = {}
        self._payloads: dict[str, Any] = {}
        self.has_hash_key = False
        from extract.secrets import setting

        key = setting("JIANHU_HASH_KEY")
        if key:
            con.execute("set variable jianhu_hash_key = '" + key.replace("'", "''") + "'")
            self.has_hash_key = True

    def ledger(self) -> list[dict[str, Any]]:
        """All loads of landing. PermissionError when this user may not read it."""
        if self._ledger is None:
            from extract.landing import ledger

            if self.home.landing.exists() and not os.access(self.home.landing, os.R_OK | os.X_OK):
                raise PermissionError(NO_RIGHT)
            self._ledger = ledger(self.home).to_pylist()
        return self._ledger

    def records(self, wanted: list[Wanted]) -> list[dict[str, Any]]:
        """See `payload_records`; payloads are read once for the whole explanation."""
        return payload_records(self.home, wanted, self._payloads, self.ledger)

    def loads_of_model(self, model: str, load_ids: set[str]) -> set[str]:
        """Those of the loads that belong to a source which the staging model reads."""
        names = set(self.models[model]["relations"].values())
        return {r["load_id"] for r in self.ledger() if r["load_id"] in load_ids and r["source"] in names}

    def relation(self, model: str, only: set[str] | None) -> str:
        """A temporary table with the rows of an unreleased model, made by its own SQL from the loads of the release.

        only: the load ids to read (None: every load of the release that its sources have). NotPossibleError if it cannot be.
        """
        key = (model, None if only is None else frozenset(only))
        if key not in self._made:
            self._made[key] = self._make(model, only)
        return self._made[key]

    def _make(self, model: str, only: set[str] | None) -> str:
        spec = self.models.get(model, {})
        if spec.get("restricted"):
            raise NotPossibleError(f"{model} holds personal data and is not read")
        sql = spec.get("sql") or ""
        if not sql:
            raise NotPossibleError(f"{model} is not part of the release")
        sources = []
        for relation, name in spec["relations"].items():
            if name in self.tables:
                sql = sql.replace(relation, f'build."{name}"')
            elif name in self.models:
                sql = sql.replace(relation, self.relation(name, None))
            else:
                sources.append((relation, name))
        for relation, name in sources:
            sql = sql.replace(relation, self._raw(name, only))
        table = f"made_{len(self._made)}_{model}"
        try:
            # a view over readings finer than an hour is asked for the few that lie behind a value
            fine = any(name in self._fine() for name in spec["relations"].values())
            self.con.execute(f"create temp {'view' if fine else 'table'} {table} as {sql}")
        except duckdb.Error as e:
            raise NotPossibleError(f"{model} could not be made again: {str(e).splitlines()[0]}") from e
        return table

    def _fine(self) -> set[str]:
        from extract.source import load_sources

        return {s.name for s in load_sources().values() if s.is_fine}

    def _raw(self, source_name: str, only: set[str] | None) -> str:
        """The raw table of a source from the loads of the release (docs/contracts.md 1), under a name of its own."""
        import pyarrow as pa

        from extract.source import get_source
        from warehouse.raw import create_raw, quote, raw_columns

        name = f"raw_{len(self._made)}_{source_name}"
        try:
            source = get_source(source_name)
            if only is not None and not only:
                columns = ", ".join(f"{quote(n)} {t}" for n, t in raw_columns(source))
                self.con.execute(f"create temp table {name} ({columns})")
                return name
            counted = dict(
                self.con.execute(
                    "select load_id, max(seq) from build.load_ledger where source = ? group by load_id",
                    [source_name],
                ).fetchall()
            )
            loads = {
                r["load_id"]: {**r, "seq": counted[r["load_id"]]} for r in self.ledger()
                if r["source"] == source_name and r["load_id"] in counted
            }  # fmt: skip
        except PermissionError as e:
            raise NotPossibleError(NO_RIGHT) from e
        except UserError as e:
            raise NotPossibleError(str(e)) from e
        if only is None and len(loads) < len(counted):
            raise NotPossibleError(f"loads of {source_name} are not in the landing of this home")
        chosen = [r for i, r in sorted(loads.items()) if only is None or i in only]
        from extract.ledger import SCHEMA

        create_raw(self.con, {source_name: source}, pa.Table.from_pylist(chosen, schema=SCHEMA), self.home)
        kind = "view" if source.is_fine and chosen else "table"
        self.con.execute(f'alter {kind} raw."{source_name}" rename to {name}')
        return f"raw.{name}"


def payload_records(
    home: Home, wanted: list[Wanted], cache: dict[Any, Any], ledger: Callable[[], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """One entry for each (load_id, row number, column): payload, record as received, and whether landing agrees.

    wanted: as the rows carry them, ANY as the column where the model keeps none; cache: filled with parsed payloads, so
    that one payload is read once per explanation.
    Entries hold load_id, row_no, col, and `record` (column → text as sent), `payload_name`, `payload_sha256`, `agrees`;
    or `ends_here` with the reason why the trail ends.
    """
    try:
        where = {
            r["load_id"]: r for r in ledger()
        }  # an id may stand twice in a slice: equal rows, so any will do
    except PermissionError:
        return [_end(w, NO_RIGHT) for w in wanted]
    out: list[dict[str, Any]] = []
    by_load: dict[str, list[Wanted]] = {}
    for w in dict.fromkeys(wanted):
        by_load.setdefault(w[0], []).append(w)
    for load_id, group in by_load.items():
        row = where.get(load_id)
        if row is None:
            out += [_end(w, "this load is not in the landing of this home") for w in group]
            continue
        try:
            known = cache.get(load_id) or cache.setdefault(load_id, _read(Path(row["path"]), row["source"]))
        except PermissionError:
            out += [_end(w, NO_RIGHT) for w in group]
            continue
        records = _rows(known, sorted({w[1] for w in group}))
        by_row: dict[int, list[str | None]] = {}
        for row_no, col in records:
            by_row.setdefault(row_no, []).append(col)
        out += [_record(w, row, known, records, by_row) for w in group]
    return out


def _record(
    w: Wanted,
    row: dict[str, Any],
    known: dict[str, Any],
    records: dict[Any, Any],
    by_row: dict[int, list[str | None]],
) -> dict[str, Any]:
    col = w[2]
    if col == ANY:
        cols = by_row.get(w[1], [])
        if len(cols) > 1:
            return _end(
                w, f"record {w[1]} stands {len(cols)} times in this payload and the release keeps no column"
            )
        col = cols[0] if cols else None
    got = records.get((w[1], col))
    if got is None:
        return _end(w, "the payload, read again, has no such record")
    sent, landed = got
    manifest = known["manifest"]
    return {
        "load_id": w[0], "row_no": w[1], "col": col, "source": row["source"],
        "payload_name": manifest["payload_name"], "payload_sha256": manifest["payload_sha256"],
        "arrived_at": manifest["arrived_at"],
        "record": {k: ("（个人信息，不显示）" if k in known["personal"] and v else v) for k, v in sent.items()},
        "agrees": sent == landed,
    }  # fmt: skip


def _end(w: Wanted, reason: str) -> dict[str, Any]:
    return {"load_id": w[0], "row_no": w[1], "col": None if w[2] == ANY else w[2], "ends_here": reason}


def _load_at(folder: Path) -> Any:
    from extract.landing import loads_of

    for load in loads_of(folder.parent):
        if load.path == folder:
            return load
    raise UserError(
        "a load named by the release is not in landing",
        where=str(folder),
        todo="restore landing from the backup",
    )


def _read(folder: Path, source_name: str) -> dict[str, Any]:
    """One load twice, as tables of texts: the payload read again, and rows.parquet."""
    import pyarrow.parquet as pq

    from extract.landing import stored_payload
    from extract.readers.base import get_reader
    from extract.source import get_source

    load = _load_at(folder)
    source = get_source(source_name)
    with tempfile.TemporaryDirectory() as scratch:
        parsed = get_reader(source.reader).parse(source, stored_payload(load, Path(scratch)))
        names = [c.name for c in source.columns]
        again = parsed.table.select(["_row_no", "_col", *names])
    texts = {n: (n if source.column(n).is_text else f"{n}_as_sent") for n in names}
    landed = pq.read_table(folder / "rows.parquet", columns=["_row_no", "_col", *texts.values()])
    return {
        "again": again,
        "landed": landed.rename_columns(["_row_no", "_col", *names]),
        "personal": {c.name for c in source.columns if c.privacy in ("personal", "secret")},
        "manifest": load.manifest,
    }


def _rows(known: dict[str, Any], row_nos: list[int]) -> dict[tuple[int, str | None], Any]:
    """(row number, column) → (texts of the payload read again, texts in landing), for the rows asked."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def pick(table: Any) -> dict[tuple[int, str | None], dict[str, Any]]:
        chosen = table.filter(pc.is_in(table["_row_no"], pa.array(row_nos, table["_row_no"].type)))
        out: dict[tuple[int, str | None], dict[str, Any]] = {}
        for r in chosen.to_pylist():
            out.setdefault((r.pop("_row_no"), r.pop("_col")), r)
        return out

    again, landed = pick(known["again"]), pick(known["landed"])
    return {key: (again[key], landed[key]) for key in again if key in landed}
