"""The ledger: a table of all manifests, one row per committed load.

Invariant: `work/ledger.parquet` is a disposable cache; deleting it changes nothing but the time of the next call.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extract.home import Home
from extract.landing import MANIFEST, manifests
from extract.source import Source

SCHEMA = pa.schema(
    [
        ("load_id", pa.string()), ("source", pa.string()), ("part", pa.string()), ("window_start", pa.date32()),
        ("window_end", pa.date32()), ("seq", pa.int64()), ("payload_name", pa.string()),
        ("payload_sha256", pa.string()), ("records_in", pa.int64()), ("rows_in", pa.int64()),
        ("rows_loaded", pa.int64()), ("rows_rejected", pa.int64()), ("path", pa.string()),
        ("arrived_at", pa.timestamp("us")), ("slice_id", pa.string()), ("parse_version", pa.string()),
        ("rows_hash", pa.string()),
    ]
)  # fmt: skip
_CACHE_SCHEMA = SCHEMA.append(pa.field("_mtime_ns", pa.int64())).append(pa.field("_size", pa.int64()))


def _row(path: str, mtime: int, size: int, root: str) -> dict[str, Any]:
    with open(f"{root}/{path}/{MANIFEST}", encoding="utf-8") as f:
        m = json.load(f)
    row = {name: m.get(name) for name in SCHEMA.names}
    for key in ("window_start", "window_end"):
        row[key] = date.fromisoformat(m[key]) if m[key] else None
    row["arrived_at"] = datetime.fromisoformat(m["arrived_at"])
    return {**row, "path": path, "_mtime_ns": mtime, "_size": size}


def ledger(home: Home) -> pa.Table:
    """All committed loads, one row each, in order of source, window, part, seq. Columns: SCHEMA.

    path is absolute: the load's folder with rows.parquet, payload.zst and, if any, rejected.parquet.
    """
    root, cache_file = str(home.landing), home.work / "ledger.parquet"
    skip = len(root) + 1
    listed = {path[skip:]: (mtime, size) for path, mtime, size in manifests(home)}
    cached = _CACHE_SCHEMA.empty_table()
    with contextlib.suppress(FileNotFoundError, pa.ArrowException, OSError):
        found = pq.read_table(cache_file)
        cached = found if found.schema.equals(_CACHE_SCHEMA) else cached
    keys = zip(*(cached[k].to_pylist() for k in ("path", "_mtime_ns", "_size")), strict=True)
    keep = [listed.get(path) == (mtime, size) for path, mtime, size in keys]
    known = cached.filter(pa.array(keep, pa.bool_()))
    missing = sorted(set(listed) - set(known["path"].to_pylist()))
    rows = []
    for path in missing:
        with contextlib.suppress(FileNotFoundError):
            rows.append(_row(path, *listed[path], root))
    whole = pa.concat_tables([known, pa.Table.from_pylist(rows, schema=_CACHE_SCHEMA)])
    order = [(k, "ascending") for k in ("source", "window_start", "part", "seq", "load_id")]
    whole = whole.sort_by(order).combine_chunks()
    if missing or len(keep) != known.num_rows:
        _store(whole, home)
    absolute = pc.binary_join_element_wise(root, whole["path"], "/")
    return whole.set_column(whole.schema.get_field_index("path"), "path", absolute).select(SCHEMA.names)


def _store(table: pa.Table, home: Home) -> None:
    home.work.mkdir(parents=True, exist_ok=True)
    part = home.work / f".ledger.{os.getpid()}.parquet"
    pq.write_table(table, part)
    os.replace(part, home.work / "ledger.parquet")


def winners(table: pa.Table, sources: Mapping[str, Source]) -> pa.Table:
    """Of a ledger, the loads that stand: per slice the highest seq; of a snapshot per part, the latest window's.

    Loads of sources that are not declared are left out. Order as in the ledger.
    """
    best: dict[tuple[Any, ...], tuple[tuple[Any, ...], int]] = {}
    columns = [table[k].to_pylist() for k in ("source", "part", "window_start", "window_end", "seq")]
    for i, (source, part, start, end, seq) in enumerate(zip(*columns, strict=True)):
        if source not in sources:
            continue
        rank: tuple[Any, ...]
        if sources[source].slice.kind == "snapshot":
            key: tuple[Any, ...] = (source, part)
            rank = (start or date.min, end or date.min, seq)
        else:
            key, rank = (source, part, start, end), (seq,)
        if key not in best or rank > best[key][0]:
            best[key] = (rank, i)
    return table.take(pa.array(sorted(i for _, i in best.values()), pa.int64()))
