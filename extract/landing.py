"""Committed loads: `landing/<source>/<yyyy-mm>/<slice>/<seq>-<load_id>/`, written once and never again.

Invariant: a load exists if and only if its `_load.json` stands in its final folder. Everything is written into a
temporary folder of landing (the manifest last), forced to disk, and the folder is renamed: a crash at any byte
leaves a whole load or none. A load's id is a hash of what was read, never of when.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extract.door import Verdict
from extract.faults import boundary
from extract.home import Home
from extract.readers.base import Parsed, Payload, Slice
from extract.source import Source

MANIFEST = "_load.json"
# where a commit can be cut off, in order; the tests kill a process at each
BOUNDARIES = (
    "landing.folder_made",
    "landing.payload_written",
    "landing.rows_written",
    "landing.rejected_written",
    "landing.manifest_begun",
    "landing.manifest_written",
    "landing.load_renamed",
    "landing.committed",
)
_LOAD_DIR = re.compile(r"^(\d{4,})-([0-9a-f]{16})$")
_counter = itertools.count()


@dataclass(frozen=True)
class Load:
    """One committed load, as its manifest tells it."""

    path: Path
    load_id: str
    seq: int
    manifest: dict[str, Any]


@dataclass
class Committed:
    """What `commit` did: the load that now wins its slice, and whether it is new."""

    load: Load
    is_new: bool
    rejected: pa.Table | None = field(default=None, repr=False)


def slice_id(s: Slice) -> str:
    """The slice's folder name: its window, then its part; Chinese stays, what a path cannot hold is %-coded.

    Two different slices of a source never share a name: a long part is cut and ends in its hash.
    """
    window = (
        f"{s.start:%Y%m%d}-{s.end:%Y%m%d}" if s.start and s.end else (f"{s.start:%Y%m%d}" if s.start else "")
    )
    kept = "".join(
        ch
        if ch.isalnum() or ch in "-_()（）" or (ch == "." and i)
        else quote(ch, safe="").replace(".", "%2E")
        for i, ch in enumerate(s.part)
    )
    if len(kept.encode()) > 160:
        digest = hashlib.sha256(s.part.encode()).hexdigest()[:12]
        kept = kept.encode()[:120].decode("utf-8", "ignore").rstrip("%") + "~" + digest
    return f"{window}@{kept}" if kept else window or "all"


def slice_folder(home: Home, s: Slice) -> Path:
    """landing/<source>/<yyyy-mm of the window's start, or `undated`>/<slice>."""
    month = f"{s.start:%Y-%m}" if s.start else "undated"
    return home.landing / s.source / month / slice_id(s)


def rows_hash(source: Source, parsed: Parsed) -> str:
    """sha256 over the parsed rows in payload order, reader's rejects included; equal however the table is chunked."""
    h = hashlib.sha256()
    names = ["_row_no", "_col", *(c.name for c in source.columns)]
    for kind, table in (("rows", parsed.table), ("rejects", parsed.rejects)):
        n = table.num_rows if table is not None else 0
        h.update(f"{kind} {n}\n".encode())
        if table is None or not n:
            continue
        for name in names if kind == "rows" else [*names, "check_id"]:
            h.update(f"{name}\n".encode())
            if name in table.column_names:
                _hash_column(h, table[name].cast(pa.large_string()))
    return h.hexdigest()


def _hash_column(h: Any, column: pa.ChunkedArray) -> None:
    lengths = pc.fill_null(pc.binary_length(column), -1)  # tells null from empty, and one cut from another
    for chunk in lengths.chunks:
        h.update(chunk.to_numpy(zero_copy_only=False).astype("<i8").tobytes())
    for chunk in column.chunks:
        whole = pc.fill_null(chunk, "")
        offsets, data = whole.buffers()[1], whole.buffers()[2]
        if data is None or not len(whole):
            continue
        ends = memoryview(offsets).cast("B").cast("q")
        h.update(memoryview(data)[ends[whole.offset] : ends[whole.offset + len(whole)]])


def load_id(s: Slice, rows: str, parse_version: str) -> str:
    """First 16 hex of sha256(source, slice, rows hash, parse version)."""
    where = [s.source, s.part, s.start.isoformat() if s.start else "", s.end.isoformat() if s.end else ""]
    return hashlib.sha256(json.dumps([*where, rows, parse_version]).encode()).hexdigest()[:16]


def loads_of(folder: Path) -> list[Load]:
    """The committed loads in one slice's folder, by seq."""
    out = []
    for entry in os.scandir(folder) if folder.is_dir() else ():
        match = _LOAD_DIR.match(entry.name)
        if match:
            try:
                manifest = json.loads((Path(entry.path) / MANIFEST).read_text("utf-8"))
            except FileNotFoundError:
                continue  # no manifest, no load
            out.append(Load(Path(entry.path), match[2], int(match[1]), manifest))
    return sorted(out, key=lambda x: x.seq)


def winner(home: Home, s: Slice) -> Load | None:
    """The load that stands for the slice: the highest seq."""
    loads = loads_of(slice_folder(home, s))
    return loads[-1] if loads else None


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def is_same_payload(load: Load, payload: Payload, digest: str, parse_version: str) -> bool:
    """Whether parsing can be spared: same bytes, name and hints, read in the same way, give the same rows."""
    m = load.manifest
    return (
        m["payload_sha256"] == digest
        and m["parse_version"] == parse_version
        and m["payload_name"] == payload.name
        and m["hints"] == payload.hints
    )


def clean_leftovers(home: Home, source: str) -> None:
    """Removes what a killed run left of a source; to be called under the source's lock."""
    for folder in _temporary(home).glob(f"{source}@*"):
        shutil.rmtree(folder, ignore_errors=True)


def _temporary(home: Home) -> Path:
    return home.landing / ".writing"


def commit(
    home: Home,
    source: Source,
    payload: Payload,
    parsed: Parsed,
    verdict: Verdict,
    predecessors: list[str] | None = None,
    rows_digest: str | None = None,
) -> Committed:
    """Commits one load, or nothing when its id is that of the slice's winning load. Under the source's lock only.

    Raises the verdict's LoadRefused when the door refused the load; then nothing is written.
    predecessors: ids of loads of the same slice that the same run committed just before (two payloads, one slice).
    rows_digest: `rows_hash` of parsed where the caller has it already.
    """
    if verdict.refused is not None:
        raise verdict.refused
    rows_digest = rows_digest or rows_hash(source, parsed)
    new_id = load_id(payload.slice, rows_digest, source.parse_version)
    folder = slice_folder(home, payload.slice)
    standing = loads_of(folder)
    if standing and standing[-1].load_id == new_id:
        return Committed(standing[-1], False)
    seq = standing[-1].seq + 1 if standing else 1
    rows, rejected = verdict.rows, verdict.rejected
    rows_in = parsed.table.num_rows + (parsed.rejects.num_rows if parsed.rejects is not None else 0)
    if rows_in != rows.num_rows + rejected.num_rows:
        raise AssertionError(f"{source.name}: {rows_in} rows in, {rows.num_rows} + {rejected.num_rows} out")

    temporary = _temporary(home) / f"{source.name}@{os.getpid()}-{next(_counter)}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    boundary("landing.folder_made")
    digest, size = _write_payload(payload.path, temporary / "payload.zst")
    boundary("landing.payload_written")
    _write_parquet(
        rows.append_column("_load_id", pa.repeat(new_id, rows.num_rows)), temporary / "rows.parquet"
    )
    boundary("landing.rows_written")
    if rejected.num_rows:
        _write_parquet(rejected, temporary / "rejected.parquet")
    boundary("landing.rejected_written")
    by_check = rejected["check_id"].value_counts().to_pylist() if rejected.num_rows else []
    s = payload.slice
    manifest = {
        "format": 1,
        "load_id": new_id,
        "source": source.name,
        "part": s.part,
        "window_start": s.start.isoformat() if s.start else None,
        "window_end": s.end.isoformat() if s.end else None,
        "slice_id": slice_id(s),
        "seq": seq,
        "payload_name": payload.name,
        "payload_sha256": digest,
        "payload_bytes": size,
        "hints": payload.hints,
        "records_in": parsed.records_in,
        "rows_in": rows_in,
        "rows_loaded": rows.num_rows,
        "rows_rejected": rejected.num_rows,
        "rejected_by_check": {x["values"]: x["counts"] for x in sorted(by_check, key=lambda x: x["values"])},
        "rows_hash": rows_digest,
        "parse_version": source.parse_version,
        "arrived_at": payload.arrived_at.isoformat(sep=" ", timespec="seconds"),
        "predecessors": predecessors or [],
        "notes": parsed.notes,
        "stats": parsed.stats,
    }
    part = temporary / (MANIFEST + ".part")
    with part.open("w", encoding="utf-8") as f:
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        f.write(text[: len(text) // 2])
        boundary("landing.manifest_begun")
        f.write(text[len(text) // 2 :])
        f.flush()
        os.fsync(f.fileno())
    os.rename(part, temporary / MANIFEST)
    _fsync_folder(temporary)
    boundary("landing.manifest_written")
    target = folder / f"{seq:04d}-{new_id}"
    folder.mkdir(parents=True, exist_ok=True)
    if target.exists():  # a folder without a manifest is no load
        shutil.rmtree(target)
    os.rename(temporary, target)
    boundary("landing.load_renamed")
    for parent in (folder, folder.parent, folder.parent.parent):
        _fsync_folder(parent)
    boundary("landing.committed")
    return Committed(Load(target, new_id, seq, manifest), True, rejected if rejected.num_rows else None)


def _write_payload(path: Path, target: Path) -> tuple[str, int]:
    """Compresses the payload's bytes; returns their sha256 and length."""
    import zstandard

    h, size = hashlib.sha256(), 0
    with path.open("rb") as src, target.open("wb") as dst:
        with zstandard.ZstdCompressor(level=3).stream_writer(dst, closefd=False) as z:  # type: ignore[arg-type]
            while block := src.read(1 << 20):
                h.update(block)
                size += len(block)
                z.write(block)
        dst.flush()
        os.fsync(dst.fileno())
    return h.hexdigest(), size


def _write_parquet(table: pa.Table, target: Path) -> None:
    """One deterministic file: same rows, same bytes."""
    pq.write_table(
        table.replace_schema_metadata(None).combine_chunks(), target, compression="zstd", compression_level=3,
        row_group_size=122_880, version="2.6", store_schema=False,
    )  # fmt: skip
    with target.open("rb") as f:
        os.fsync(f.fileno())


def _fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def stored_payload(load: Load, workdir: Path) -> Payload:
    """The payload of a committed load, unpacked into workdir under its own name, to be read again."""
    import zstandard

    m = load.manifest
    name = (
        re.sub(r"\.(gz|zst)$", "", m["payload_name"].rstrip("/").rsplit("/", 1)[-1].split("?")[0])
        or "payload"
    )
    folder = workdir / load.load_id
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name[-120:]
    with (load.path / "payload.zst").open("rb") as src, path.open("wb") as dst:
        zstandard.ZstdDecompressor().copy_stream(src, dst)
    return Payload(
        slice=Slice(m["source"], m["part"], _date(m["window_start"]), _date(m["window_end"])),
        name=m["payload_name"], path=path, arrived_at=datetime.fromisoformat(m["arrived_at"]), hints=m["hints"],
    )  # fmt: skip


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def manifests(home: Home) -> Iterator[tuple[str, int, int]]:
    """(path of the load's folder, manifest's mtime in ns, its size) of every committed load."""
    try:
        sources = [e for e in os.scandir(home.landing) if not e.name.startswith(".") and e.is_dir()]
    except FileNotFoundError:
        return
    for source in sources:
        for month in os.scandir(source.path):
            for one_slice in os.scandir(month.path) if month.is_dir() else ():
                for entry in os.scandir(one_slice.path) if one_slice.is_dir() else ():
                    if _LOAD_DIR.match(entry.name):
                        try:
                            st = os.stat(f"{entry.path}/{MANIFEST}")
                        except FileNotFoundError:
                            continue
                        yield entry.path, st.st_mtime_ns, st.st_size


def ledger(home: Home) -> pa.Table:
    """All committed loads, see `extract.ledger.ledger`."""
    from extract import ledger as module

    return module.ledger(home)


def winners(table: pa.Table, sources: Mapping[str, Source]) -> pa.Table:
    """The loads of a ledger that stand, see `extract.ledger.winners`."""
    from extract import ledger as module

    return module.winners(table, sources)
