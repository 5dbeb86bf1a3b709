"""From (load, row) back to the payload record: which file arrived, and what it said at that record.

The stored payload is unpacked and read again by its reader, so what is shown comes from the bytes received and is
compared with what landing holds. Without the right to read landing the trail ends at load and row number, and says so.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from extract.errors import UserError
from extract.home import Home

Wanted = tuple[str, int, str | None]


def _find(home: Home, load_ids: set[str]) -> dict[str, Any]:
    """Manifest folder and slice of each load named, through the ledger."""
    from extract.landing import ledger

    table = ledger(home)
    found: dict[str, Any] = {}
    for row in table.to_pylist():
        if row["load_id"] in load_ids:
            found[row["load_id"]] = row  # the same id may stand twice in a slice: equal rows, so any will do
    return found


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


def payload_records(home: Home, wanted: list[Wanted], cache: dict[Any, Any]) -> list[dict[str, Any]]:
    """One entry for each (load_id, row number, column): payload, record as received, and whether landing agrees.

    wanted: as the rows carry them; cache: filled with parsed payloads, so that one payload is read once per explanation.
    Entries hold load_id, row_no, col, and `record` (column → text as sent), `payload_name`, `payload_sha256`, `agrees`;
    or `ends_here` with the reason why the trail ends.
    """
    ids = {w[0] for w in wanted}
    try:
        where = _find(home, ids)
    except PermissionError:
        return [_end(w, "landing may be read by the restricted group only") for w in wanted]
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
            out += [_end(w, "landing may be read by the restricted group only") for w in group]
            continue
        records = _rows(known, sorted({w[1] for w in group}))
        personal, manifest = known["personal"], known["manifest"]
        for w in group:
            got = records.get((w[1], w[2]))
            if got is None:
                out.append(_end(w, "the payload, read again, has no such record"))
                continue
            sent, landed = got
            shown = {k: ("（个人信息，不显示）" if k in personal and v else v) for k, v in sent.items()}
            out.append(
                {
                    "load_id": load_id, "row_no": w[1], "col": w[2], "source": row["source"],
                    "payload_name": manifest["payload_name"], "payload_sha256": manifest["payload_sha256"],
                    "arrived_at": manifest["arrived_at"], "record": shown, "agrees": sent == landed,
                }
            )  # fmt: skip
    return out


def _end(w: Wanted, reason: str) -> dict[str, Any]:
    return {"load_id": w[0], "row_no": w[1], "col": w[2], "ends_here": reason}


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
