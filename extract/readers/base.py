"""The shape of every reader, and what passes between fetch, parse, door and landing."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ValidationError

from extract.errors import UserError
from extract.source import Source


@dataclass(frozen=True)
class Slice:
    """(source, part, window). `part` may be empty; start and end (exclusive) are None where the window is none."""

    source: str
    part: str = ""
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Request:
    """What one run asks of one source: dates [since, until), or files that stand in for the provider."""

    since: date | None = None
    until: date | None = None
    files: tuple[str, ...] = ()  # globs; replaces the provider's address (trial, backfill from disk)
    parts: tuple[str, ...] = ()


@dataclass
class Payload:
    """Bytes exactly as received, on disk, and the slice they answer.

    name: file name or address for lineage (no secrets); path: the bytes (.gz/.zst wrappers already removed);
    arrived_at: Asia/Shanghai wall clock, kept in the manifest, never in rows or ids;
    hints: what the name or the answer said besides (named groups of a file pattern), as text.
    """

    slice: Slice
    name: str
    path: Path
    arrived_at: datetime
    hints: dict[str, str] = field(default_factory=dict)


@dataclass
class Parsed:
    """What a reader made of one payload.

    table: `_row_no` int64 (1-based record in the payload), `_col` string or null, then every declared column as
    string exactly as sent (null = no cell); in payload order.
    rejects: rows that never became such a row (a cut line, a bad frame): the same columns plus
    REJECT_COLUMNS (check_id, column_name, rejected_value, reason_zh, reason_en); null where there is none.
    Not plain `value`: many sources declare a column of that name.
    records_in: records in the payload; rows_in = len(table) + len(rejects).
    stats: counts that the reader's kind defines (hj212: frames, frames_accepted, rejected_<reason> …), for the manifest.
    """

    table: pa.Table
    records_in: int
    rejects: pa.Table | None = None
    notes: list[str] = field(default_factory=list)
    stats: dict[str, int] = field(default_factory=dict)


REJECT_COLUMNS = ("check_id", "column_name", "rejected_value", "reason_zh", "reason_en")


class Reader(ABC):
    """fetch brings payloads, parse makes rows of one; parse is pure: the same bytes give the same rows."""

    VERSION: ClassVar[str]
    Options: ClassVar[type[BaseModel]]

    def options(self, source: Source) -> Any:
        """The source's options, validated. Raises UserError naming the key."""
        try:
            return self.Options(**source.options)
        except ValidationError as e:
            detail = "; ".join(f"options.{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())
            raise UserError(
                f"the options of source {source.name!r} are not valid",
                where=f"file {source.file.name}: {detail}",
                todo="correct the named keys",
            ) from e

    @abstractmethod
    def fetch(self, source: Source, request: Request, workdir: Path) -> Iterator[Payload]:
        """Payloads of the request, one per slice. Raises Unreachable when the provider does not answer."""

    @abstractmethod
    def parse(self, source: Source, payload: Payload) -> Parsed:
        """Rows of one payload. Raises LoadRefused when it is wrong as a whole (columns, template version)."""

    def pieces(self, source: Source, payload: Payload, rows: int) -> Iterator[Parsed]:
        """`parse` in pieces of at most `rows` rows, in payload order; together they are what `parse` gives.

        A reader that can read a payload without holding all its rows does better than this.
        """
        yield from cut(self.parse(source, payload), rows)


def cut(parsed: Parsed, rows: int) -> Iterator[Parsed]:
    """One parsed payload in pieces of at most `rows` rows; rejects go where their record stands, counts with the first."""
    n = parsed.table.num_rows
    if n <= rows:
        yield parsed
        return
    numbers = parsed.table["_row_no"].to_numpy()
    rejects, start, before = parsed.rejects, 0, -1
    while start < n:
        stop = min(start + rows, n)
        if (
            stop < n and numbers[stop] == numbers[stop - 1]
        ):  # a record is not torn, unless it is longer than a piece
            same = int(np.flatnonzero(numbers[start:stop] != numbers[stop])[-1:].sum()) + 1
            stop = start + same if numbers[start] != numbers[stop] else stop
        last = int(numbers[stop - 1]) if stop < n else 2**62
        here = None
        if rejects is not None:
            at = rejects["_row_no"]
            here = rejects.filter(pc.and_(pc.greater(at, before), pc.less_equal(at, last)))
        first = start == 0
        yield Parsed(
            parsed.table.slice(start, stop - start), parsed.records_in if first else 0,
            here if here is not None and here.num_rows else None,
            parsed.notes if first else [], parsed.stats if first else {},
        )  # fmt: skip
        start, before = stop, last


_READERS = {
    "files": ("extract.readers.files", "FilesReader"),
    "http_json": ("extract.readers.http_json", "HttpJsonReader"),
    "database": ("extract.readers.database", "DatabaseReader"),
    "hj212": ("extract.readers.hj212", "Hj212Reader"),
    "register": ("extract.readers.register", "RegisterReader"),
}


def get_reader(kind: str) -> Reader:
    """The reader of that kind; its module is imported on first use."""
    module, cls = _READERS[kind]
    reader: Reader = getattr(importlib.import_module(module), cls)()
    return reader


def reader_version(kind: str) -> str:
    """The reader's VERSION, raised by hand whenever the same bytes would give other rows."""
    return get_reader(kind).VERSION
