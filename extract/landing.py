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
ROW_GROUP = 122_880  # rows of a row group of rows.parquet
_TOLD = (
    1_000  # rejected rows of a load that are handed to the run's summary; all of them are in rejected.parquet
)
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
    """What `commit` did: the load that now wins its slice, whether it is new, and its first rejected rows."""

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


class RowsHash:
    """sha256 over the parsed rows in payload order, reader's rejects included.

    Invariant: equal however the rows are chunked and in how many pieces they come: texts and lengths of a column each have
    a running hash of their own, and rejects stand in order of record.
    """

    def __init__(self, source: Source) -> None:
        names = ["_row_no", "_col", *(c.name for c in source.columns)]
        self._names = {"rows": names, "rejects": [*names, "check_id"]}
        self._count = {kind: 0 for kind in self._names}
        self._running: dict[tuple[str, str], tuple[Any, Any]] = {}

    def add(self, parsed: Parsed) -> None:
        """The next piece of the payload."""
        for kind, table in (("rows", parsed.table), ("rejects", parsed.rejects)):
            if table is None or not table.num_rows:
                continue
            self._count[kind] += table.num_rows
            if kind == "rejects":
                table = table.take(pc.sort_indices(table, sort_keys=[("_row_no", "ascending")]))
            for name in self._names[kind]:
                if name in table.column_names:
                    pair = self._running.setdefault((kind, name), (hashlib.sha256(), hashlib.sha256()))
                    _hash_column(*pair, table[name].cast(pa.large_string()))

    def hexdigest(self) -> str:
        """The hash of what was added so far."""
        h = hashlib.sha256()
        for kind, names in self._names.items():
            h.update(f"{kind} {self._count[kind]}\n".encode())
            for name in names:
                if (kind, name) in self._running:
                    lengths, data = self._running[kind, name]
                    h.update(f"{name}\n".encode() + lengths.digest() + data.digest())
        return h.hexdigest()


def rows_hash(source: Source, parsed: Parsed) -> str:
    """`RowsHash` of a payload that came in one piece."""
    h = RowsHash(source)
    h.add(parsed)
    return h.hexdigest()


def _hash_column(lengths: Any, texts: Any, column: pa.ChunkedArray) -> None:
    told = pc.fill_null(pc.binary_length(column), -1)  # tells null from empty, and one cut from another
    for chunk in told.chunks:
        lengths.update(chunk.to_numpy(zero_copy_only=False).astype("<i8").tobytes())
    for chunk in column.chunks:
        whole = pc.fill_null(chunk, "")
        offsets, data = whole.buffers()[1], whole.buffers()[2]
        if data is None or not len(whole):
            continue
        ends = memoryview(offsets).cast("B").cast("q")
        texts.update(memoryview(data)[ends[whole.offset] : ends[whole.offset + len(whole)]])


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
    standing = winner(home, payload.slice)
    if standing and standing.load_id == new_id:
        return Committed(standing, False)
    with Writing(home, source, payload) as load:
        load.add(parsed, verdict)
        return load.commit(rows_digest, predecessors)


class Writing:
    """A load on its way into landing, piece by piece; whole only after `commit`, nothing at all before.

    Invariant: rows.parquet is the same byte for byte however many pieces it came in (row groups are cut by count).
    """

    def __init__(self, home: Home, source: Source, payload: Payload) -> None:
        self._home, self._source, self._payload = home, source, payload
        self._folder = _temporary(home) / f"{source.name}@{os.getpid()}-{next(_counter)}"
        self._notes: list[str] = []
        self._stats: dict[str, int] = {}
        self._counts = {"records_in": 0, "rows_in": 0, "rows_loaded": 0, "rows_rejected": 0}
        self._by_check: dict[str, int] = {}
        self._told: list[pa.Table] = []

    def __enter__(self) -> Writing:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        boundary("landing.folder_made")
        self._digest, self._size = _write_payload(self._payload.path, self._folder / "payload.zst")
        boundary("landing.payload_written")
        self._rows = _Parquet(self._folder / "rows.parquet")
        self._rejected = _Parquet(self._folder / "rejected.parquet")
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._rows, self._rejected):
            file.drop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, parsed: Parsed, verdict: Verdict) -> None:
        """The next piece of the payload, and what the door said of it."""
        rows, rejected = verdict.rows, verdict.rejected
        rows_in = parsed.table.num_rows + (parsed.rejects.num_rows if parsed.rejects is not None else 0)
        if rows_in != rows.num_rows + rejected.num_rows:
            raise AssertionError(
                f"{self._source.name}: {rows_in} rows in, {rows.num_rows} + {rejected.num_rows} out"
            )
        told = (parsed.records_in, rows_in, rows.num_rows, rejected.num_rows)
        for name, n in zip(self._counts, told, strict=True):
            self._counts[name] += n
        self._notes += parsed.notes
        for name, n in parsed.stats.items():
            self._stats[name] = self._stats.get(name, 0) + n
        self._rows.add(rows)
        if rejected.num_rows:
            self._rejected.add(rejected)
            for x in rejected["check_id"].value_counts().to_pylist():
                self._by_check[x["values"]] = self._by_check.get(x["values"], 0) + x["counts"]
            if sum(t.num_rows for t in self._told) < _TOLD:
                self._told.append(rejected)

    def commit(self, rows_digest: str, predecessors: list[str] | None = None) -> Committed:
        """Closes the files, writes the manifest and moves the folder to its place. `rows_digest`: of all pieces."""
        self._rows.close()
        boundary("landing.rows_written")
        if self._counts["rows_rejected"]:
            self._rejected.close()
        boundary("landing.rejected_written")
        s, source = self._payload.slice, self._source
        new_id = load_id(s, rows_digest, source.parse_version)
        folder = slice_folder(self._home, s)
        before = winner(self._home, s)
        seq = before.seq + 1 if before else 1
        manifest = {
            "format": 1,
            "load_id": new_id,
            "source": source.name,
            "part": s.part,
            "window_start": s.start.isoformat() if s.start else None,
            "window_end": s.end.isoformat() if s.end else None,
            "slice_id": slice_id(s),
            "seq": seq,
            "payload_name": self._payload.name,
            "payload_sha256": self._digest,
            "payload_bytes": self._size,
            "hints": self._payload.hints,
            **self._counts,
            "rejected_by_check": dict(sorted(self._by_check.items())),
            "rows_hash": rows_digest,
            "parse_version": source.parse_version,
            "arrived_at": self._payload.arrived_at.isoformat(sep=" ", timespec="seconds"),
            "predecessors": predecessors or [],
            "notes": self._notes,
            "stats": self._stats,
        }
        part = self._folder / (MANIFEST + ".part")
        with part.open("w", encoding="utf-8") as f:
            text = json.dumps(manifest, ensure_ascii=False, indent=1)
            f.write(text[: len(text) // 2])
            boundary("landing.manifest_begun")
            f.write(text[len(text) // 2 :])
            f.flush()
            os.fsync(f.fileno())
        os.rename(part, self._folder / MANIFEST)
        _fsync_folder(self._folder)
        boundary("landing.manifest_written")
        target = folder / f"{seq:04d}-{new_id}"
        folder.mkdir(parents=True, exist_ok=True)
        if target.exists():  # a folder without a manifest is no load
            shutil.rmtree(target)
        os.rename(self._folder, target)
        boundary("landing.load_renamed")
        for parent in (folder, folder.parent, folder.parent.parent):
            _fsync_folder(parent)
        boundary("landing.committed")
        rejected = pa.concat_tables(self._told) if self._told else None
        return Committed(Load(target, new_id, seq, manifest), True, rejected)


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


class _Parquet:
    """One deterministic file: same rows, same bytes. It appears with its first rows, or empty when it is closed."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """The next rows; whole row groups are written at once."""
        self._waiting.append(table.replace_schema_metadata(None))
        count = sum(t.num_rows for t in self._waiting)
        if count >= ROW_GROUP:
            whole = pa.concat_tables(self._waiting).combine_chunks()
            ready = count - count % ROW_GROUP
            self._write(whole.slice(0, ready))
            self._waiting = [whole.slice(ready)]

    def close(self) -> None:
        """Writes what is left, and forces the file to disk."""
        rest = pa.concat_tables(self._waiting).combine_chunks()
        if rest.num_rows or self._writer is None:
            self._write(rest)
        self.drop()
        with self._target.open("rb") as f:
            os.fsync(f.fileno())

    def drop(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._waiting = None, []

    def _write(self, table: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._target, table.schema, compression="zstd", compression_level=3, version="2.6", store_schema=False
            )  # fmt: skip
        self._writer.write_table(table, ROW_GROUP)


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
