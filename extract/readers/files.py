"""Files that offices and providers drop: CSV, XLS/XLSX, JSON, XML, plain or wrapped in .gz or .zst.

Invariant: parse sees the bytes inside the wrapper, and a file that cannot be unwrapped or read costs that file only.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import re
import shutil
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from extract import secrets
from extract.errors import LoadRefused, UserError
from extract.readers.base import Parsed, Payload, Reader, Request, Slice, cut
from extract.readers.headers import Context, Layout
from extract.readers.records import Grid as Grid
from extract.readers.records import Rejects, from_grid, from_records, match_headers
from extract.readers.tabular import csv_pieces, from_rows
from extract.source import Source, Strict

WRAPPERS = (".gz", ".zst")
_BROKEN = "wrapper_error"  # hint of a payload whose wrapper could not be opened; parse refuses it
_ARRIVAL_ZONE = ZoneInfo("Asia/Shanghai")


class Location(Strict):
    """Where files lie: the folder named by an environment variable (or a path), and a glob below it."""

    env: str | None = None
    path: str | None = None
    glob: str


class FilesOptions(Layout):
    """Options of a source that is read from files.

    window_pattern, part_pattern: regular expressions on the path, named groups y m d q (window), part, and declared
    columns; year_from_window: headers of times printed without a year; records, explode: where a JSON holds its
    records and the nested lists that become rows; record_tag: the XML element of a record; declared_total: the key
    or element that tells how many records the provider says it sent.
    """

    format: Literal["csv", "excel", "json", "xml"]
    location: Location
    window_pattern: str | None = None
    part_pattern: str | None = None
    year_from_window: tuple[str, ...] = ()
    date_format: str | None = None
    sheets: Literal["all", "first"] | tuple[str, ...] = "all"
    records: str = ""
    explode: tuple[str, ...] = ()
    grid: Grid | None = None
    record_tag: str | None = None
    declared_total: str | None = None
    id: tuple[str, ...] = ()


class FilesReader(Reader):
    """Reader of kind `files`."""

    VERSION: ClassVar[str] = "1"
    Options: ClassVar[type[FilesOptions]] = FilesOptions

    def fetch(self, source: Source, request: Request, workdir: Path) -> Iterator[Payload]:
        """A payload per file, in order of path. Raises UserError when the folder is not set or does not exist."""
        o: FilesOptions = self.options(source)
        return fetch_files(source, request, workdir, o.location, o.window_pattern, o.part_pattern)

    def parse(self, source: Source, payload: Payload) -> Parsed:
        """Rows of one file. Raises LoadRefused when it is empty, damaged as a whole or lacks a required column."""
        return next(self.pieces(source, payload, sys.maxsize))

    def pieces(self, source: Source, payload: Payload, rows: int) -> Iterator[Parsed]:
        """See `Reader.pieces`; of a CSV never more than a piece is held as rows."""
        options: FilesOptions = self.options(source)
        refuse_broken(payload)
        data = payload.path.read_bytes()
        constants = constants_of(source, payload)
        context = Context(payload.name, constants)
        if options.year_from_window and payload.slice.start:
            named = match_headers(source, options.year_from_window)
            context.year_columns, context.near = frozenset(named.values()), _middle(payload.slice)
        if options.format == "csv":
            found = csv_pieces(source, data, options, context, rows)
        elif options.format == "excel":
            found = cut(_parse_excel(source, data, options, context), rows)
        else:
            found = cut(_parse_records(source, data, options, context), rows)
        first = True
        for parsed in found:
            if first and source.slice.window != "none" and payload.slice.start is None:
                parsed.notes.append(
                    f"no_window: {payload.name}: the name tells no {source.slice.window}; the file is its own part"
                )
            first = False
            yield parsed


# ---------------------------------------------------------------- fetch


def find(source: Source, location: Location, request: Request) -> list[Path]:
    """Files of the request, or of the declared place, each once, in order of path.

    Raises UserError when a declared folder does not exist; no matching file is no error.
    """
    if request.files:
        patterns = list(request.files)
    else:
        base = Path(
            secrets.resolve({"env": location.env}, source.name) if location.env else location.path or "."
        )
        if not base.is_dir():
            raise UserError(
                f"the folder of source {source.name} does not exist",
                where=str(base),
                todo=f"set {location.env or 'options.location.path'} to the folder where the files are dropped",
            )
        patterns = [str(Path(glob.escape(str(base))) / location.glob)]
    found: dict[Path, None] = {}
    for pattern in patterns:
        for name in sorted(glob.glob(pattern, recursive=True)):
            path = Path(name)
            if path.is_file() and not path.name.startswith((".", "~$")):
                found.setdefault(path)
    return list(found)


def fetch_files(
    source: Source,
    request: Request,
    workdir: Path,
    location: Location,
    window_pattern: str | None,
    part_pattern: str | None,
) -> Iterator[Payload]:
    """A payload per file, in order of path.

    Files of one name in several folders are parts of their own (the folder's name goes before theirs): without
    windows, one would replace the other.
    """
    seen: dict[Slice, Path] = {}
    for path in find(source, location, request):
        payload = unwrap(source, path, workdir)
        slice_, hints = slice_of(source, path, window_pattern, part_pattern)
        above = path.parent
        while slice_.start is None and seen.setdefault(slice_, path.parent) != path.parent and above.name:
            slice_ = replace(slice_, part=f"{above.name}/{slice_.part}")
            above = above.parent
        payload.slice, payload.hints = slice_, {**hints, **payload.hints}
        if wanted(slice_, request):
            yield payload


def bare_name(path: Path) -> str:
    """The file's name without .gz or .zst."""
    return path.stem if path.suffix.lower() in WRAPPERS else path.name


def unwrap(source: Source, path: Path, workdir: Path) -> Payload:
    """The file's bytes as they were before any wrapper; a wrapper that is cut or corrupt becomes a hint."""
    arrived = datetime.fromtimestamp(path.stat().st_mtime, _ARRIVAL_ZONE).replace(tzinfo=None)
    payload = Payload(Slice(source.name), bare_name(path), path, arrived)
    if path.suffix.lower() not in WRAPPERS:
        return payload
    workdir.mkdir(parents=True, exist_ok=True)
    target = workdir / f"{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{bare_name(path)}"
    try:
        with path.open("rb") as raw, target.open("wb") as out:
            if path.suffix.lower() == ".gz":
                with gzip.GzipFile(fileobj=raw) as opened:
                    shutil.copyfileobj(opened, out, 1 << 20)
            else:
                _unzstd(raw, out)
        payload.path = target
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as e:
        target.unlink(missing_ok=True)
        payload.hints = {_BROKEN: f"{path.name}: {e}"}
    return payload


def _unzstd(raw: Any, out: Any) -> None:
    """All frames of a .zst; raises EOFError when the last one is cut (the library's reader says nothing then)."""
    begun = False
    decoder = zstandard.ZstdDecompressor().decompressobj()
    while chunk := raw.read(1 << 20):
        begun = True
        while chunk:
            if decoder.eof:
                decoder = zstandard.ZstdDecompressor().decompressobj()
            out.write(decoder.decompress(chunk))
            chunk = decoder.unused_data if decoder.eof else b""
    if begun and not decoder.eof:
        raise EOFError("the file ends inside the compressed data")


def refuse_broken(payload: Payload) -> None:
    """Raises LoadRefused for a payload whose wrapper could not be opened."""
    if _BROKEN in payload.hints:
        raise LoadRefused(
            "the compressed file is cut or corrupt",
            where=payload.hints[_BROKEN],
            todo="fetch or send it again; the other files are not affected",
        )


def slice_of(
    source: Source, path: Path, window_pattern: str | None, part_pattern: str | None
) -> tuple[Slice, dict[str, str]]:
    """The slice that a path tells, and the other named groups of its patterns.

    A source without windows and parts has one part per file, so that two files never replace one another; likewise
    a file whose name tells no window where the source has windows.
    """
    name = str(path.with_name(bare_name(path)))
    groups: dict[str, str] = {}
    for pattern in (part_pattern, window_pattern):
        m = re.search(pattern, name) if pattern else None
        if m:
            groups.update({k: v for k, v in m.groupdict().items() if v is not None})
    start, end = window_of(source.slice.window, groups)
    part = groups.pop("part", "")
    if not part and start is None and (source.slice.kind == "arrivals" or source.slice.window != "none"):
        part = bare_name(path)
    hints = {k: v for k, v in groups.items() if k not in ("y", "m", "d", "q")}
    return Slice(source.name, part, start, end), hints


def window_of(unit: str, groups: Mapping[str, str]) -> tuple[date | None, date | None]:
    """[start, end) of the window that y, m, d, q name; (None, None) where they do not."""
    try:
        year = int(groups["y"])
        if unit == "day":
            start = date(year, int(groups["m"]), int(groups["d"]))
            return start, start + timedelta(days=1)
        if unit == "month":
            return _months(year, int(groups["m"]), 1)
        if unit == "quarter":
            quarter = int(groups["q"]) if "q" in groups else (int(groups["m"]) + 2) // 3
            return _months(year, 3 * quarter - 2, 3)
        if unit == "year":
            return _months(year, 1, 12)
    except (KeyError, ValueError):
        pass
    return None, None


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    after = month - 1 + count
    return date(year, month, 1), date(year + after // 12, after % 12 + 1, 1)


def _middle(slice_: Slice) -> date:
    assert slice_.start
    return slice_.start + ((slice_.end or slice_.start) - slice_.start) // 2


def wanted(slice_: Slice, request: Request) -> bool:
    """True when the slice meets the request's dates and parts; a slice without a window always does."""
    if request.parts and slice_.part not in request.parts:
        return False
    if slice_.start is None:
        return True
    before = request.until is not None and slice_.start >= request.until
    after = request.since is not None and (slice_.end or slice_.start) <= request.since
    return not before and not after


def constants_of(source: Source, payload: Payload) -> dict[str, str | None]:
    """Declared columns that the payload's name tells."""
    names = {c.name for c in source.columns}
    return {k: v for k, v in payload.hints.items() if k in names}


# ---------------------------------------------------------------- parse


def _parse_excel(source: Source, data: bytes, options: FilesOptions, context: Context) -> Parsed:
    from extract.readers.excel import read_workbook

    notes: list[str] = []
    every = read_workbook(data, context.where)
    visible = [s for s in every if s.is_visible]
    hidden = [s.name for s in every if not s.is_visible and s.rows]
    if hidden:
        notes.append(f"hidden_sheet: {context.where}: not read: {', '.join(hidden)}")
    filled = [s for s in visible if any(any(c) for _, c in s.rows)]
    if options.sheets == "first":
        chosen = filled[:1]
    elif options.sheets == "all":
        chosen = filled
    else:
        chosen = [s for s in filled if s.name in options.sheets]
    if not chosen:
        raise LoadRefused(
            "the workbook has no filled sheet", where=context.where, todo="send the filled workbook"
        )
    done: list[Parsed] = []
    refused: list[tuple[str, LoadRefused]] = []
    for sheet in chosen:
        inner = Context(
            f"{context.where}, sheet {sheet.name}", context.constants, context.year_columns, context.near,
            sheet.name if len(chosen) > 1 else None, sheet.name,
        )  # fmt: skip
        try:
            parsed = from_rows(source, sheet.rows, options, inner)
        except LoadRefused as e:
            refused.append((sheet.name, e))
            continue
        done.append(parsed)
        rows = set(parsed.table["_row_no"].to_pylist()) & sheet.hidden_rows
        if rows:
            notes.append(f"hidden_rows: {inner.where}: {len(rows)} hidden rows were read like the others")
    if not done:
        raise refused[0][1]
    notes += [f"sheet_skipped: {context.where}: {name}: {e.what}" for name, e in refused]
    return joined(done, notes)


def joined(parts: list[Parsed], notes: list[str]) -> Parsed:
    """Several sheets as one payload."""
    rejects = [p.rejects for p in parts if p.rejects is not None]
    return Parsed(
        pa.concat_tables([p.table for p in parts]),
        sum(p.records_in for p in parts),
        pa.concat_tables(rejects) if rejects else None,
        [*notes, *(n for p in parts for n in p.notes)],
    )


def _parse_records(source: Source, data: bytes, options: FilesOptions, context: Context) -> Parsed:
    from extract.readers import jsonxml

    where = context.where
    if options.format == "xml":
        got = jsonxml.read_xml(data, options.record_tag or "record", where)
        total = got.said.get(options.declared_total or "")
    else:
        got = jsonxml.read_json(data, options.records, where)
        said = got.doc.get(options.declared_total or "") if isinstance(got.doc, dict) else None
        total = None if said is None else str(said)
    if options.grid and got.doc is not None:
        return from_grid(source, got.doc, options.grid, constants=context.constants, where=where)
    records: list[Any] = got.records
    numbers, paths = got.numbers, None
    if options.explode:
        rows = list(jsonxml.explode(list(zip(got.numbers, got.records, strict=True)), options.explode))
        numbers, paths, records = [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
    parsed = from_records(source, records, unpivot=options.unpivot, constants=context.constants, where=where)
    if not options.unpivot or options.explode or got.spoiled:
        # from_records counts what it was given; the payload's own numbers differ where records nest or are spoiled
        at = pc.subtract(parsed.table["_row_no"], 1)
        parsed.table = parsed.table.set_column(0, "_row_no", pa.array(numbers, pa.int64()).take(at))
        if paths is not None and not options.unpivot:
            parsed.table = parsed.table.set_column(1, "_col", pa.array(paths, pa.string()))
    parsed.records_in = len(got.records) + len(got.spoiled)
    if got.spoiled:
        rejects = Rejects(source)
        for n, check, sent, cells in got.spoiled:
            named = match_headers(source, list(cells))
            known = {name: list(cells.values())[i] for i, name in named.items()}
            if check == "cut_line":
                zh, en = (
                    f"文件在第 {n} 条记录中间截断，请重新下载或重报",
                    f"the file ends inside record {n}; fetch or send it again",
                )
            else:
                zh, en = f"第 {n} 条记录的格式损坏，无法读取", f"record {n} is broken and cannot be read"
            rejects.add(n, check, zh, en, value=sent, cells={**context.constants, **known})
        parsed.rejects = rejects.table()
    if total is not None and total != str(parsed.records_in):
        parsed.notes.append(f"declared_total: {where}: {total} records declared, {parsed.records_in} sent")
    return parsed
