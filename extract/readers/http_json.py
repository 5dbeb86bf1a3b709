"""JSON over HTTP: paged lists and printed grids of a provider's API, one payload per window.

Invariant: the payload is JSON Lines `{"page": n, "body": "<exact text of the answer>"}`, so parse sees what the provider
sent. A bare answer saved as a file is read alike (trial, backfill from disk).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pyarrow as pa
from pydantic import Field

from extract.errors import LoadRefused
from extract.readers.base import Parsed, Payload, Reader, Request, Slice
from extract.readers.files import (
    Location,
    constants_of,
    fetch_files,
    refuse_broken,
)
from extract.readers.http_client import Client, Retry, Setting, SignedAuth, TokenAuth
from extract.readers.records import Grid, Unpivot, from_grid, from_records, lookup
from extract.readers.texts import decode
from extract.readers.windows import windows
from extract.source import Source, Strict

_ZONE = ZoneInfo("Asia/Shanghai")
_ENVELOPE = '{"page"'


class Paging(Strict):
    """Names of the parameters for page number and size, the size asked for, and where the answer tells the total."""

    page: str
    size: str
    per_page: int = Field(gt=0)
    total: str | None = None


class HttpOptions(Strict):
    """Options of a source behind an HTTP API; {start} and {end} (exclusive day) in query values stand for the window."""

    base: Setting
    path: str
    query: dict[str, str] = {}
    auth: TokenAuth | SignedAuth | None = Field(None, discriminator="kind")
    paging: Paging | None = None
    records: str = ""
    unpivot: Unpivot | None = None
    grid: Grid | None = None
    window_pattern: str | None = None
    part_pattern: str | None = None
    date_format: str | None = None
    timeout_seconds: float = 30.0
    politeness_seconds: float | None = (
        None  # between two requests; 0.2, and none for a server on this machine
    )
    retry: Retry = Retry()  # type: ignore[call-arg]
    consistency_tries: int = Field(2, ge=1)
    resume_minutes: float = 30.0


class HttpJsonReader(Reader):
    """Reader of kind `http_json`."""

    VERSION: ClassVar[str] = "2"
    Options: ClassVar[type[HttpOptions]] = HttpOptions

    def fetch(self, source: Source, request: Request, workdir: Path) -> Iterator[Payload]:
        """A payload per window of the request, or per file that stands in for the provider.

        Raises Unreachable when the provider does not answer, UserError when it refuses. Pages of a window that was
        interrupted lie beside `workdir` and are used again for `resume_minutes`.
        """
        options: HttpOptions = self.options(source)
        if request.files:
            yield from fetch_files(
                source, request, workdir, Location(glob=""), options.window_pattern, options.part_pattern
            )
            return
        workdir.mkdir(parents=True, exist_ok=True)
        ok = ("result", "1") if options.grid else ("code", "0")
        with Client(
            source,
            options.base,
            options.auth,
            options.retry,
            options.timeout_seconds,
            options.politeness_seconds,
            ok,
        ) as client:
            for slice_ in windows(source, request):
                yield _fetch_window(source, options, client, slice_, workdir)

    def parse(self, source: Source, payload: Payload) -> Parsed:
        """Rows of one window. `_row_no` counts the records through its pages.

        Raises LoadRefused when an answer is not JSON or holds no records where they are declared.
        """
        refuse_broken(payload)
        options: HttpOptions = self.options(source)
        constants = constants_of(source, payload)
        if options.grid and options.grid.year_from and payload.slice.start:
            constants.setdefault(options.grid.year_from, payload.slice.start.isoformat())
        parts: list[Parsed] = []
        first, said = 1, None
        for where, doc in _answers(payload):
            if options.grid:
                part = from_grid(source, doc, options.grid, constants=constants, first=first, where=where)
            else:
                records = lookup(doc, options.records) if options.records else doc
                if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
                    raise LoadRefused(
                        f"the answer holds no list of records at {options.records or 'its top'}",
                        where=where,
                        todo="ask the provider whether its answer has changed",
                    )
                part = from_records(
                    source, records, unpivot=options.unpivot, constants=constants, first=first, where=where
                )
                if options.paging and options.paging.total:
                    said = lookup(doc, options.paging.total)
            first += part.records_in
            parts.append(part)
        rejects = [p.rejects for p in parts if p.rejects is not None]
        notes = [n for p in parts for n in p.notes]
        records_in = first - 1
        if said is not None and str(said) != str(records_in):
            notes.append(f"declared_total: {payload.name}: total {said}, got {records_in}")
        return Parsed(
            pa.concat_tables([p.table for p in parts]).combine_chunks(),
            records_in,
            pa.concat_tables(rejects) if rejects else None,
            notes,
        )


def _answers(payload: Payload) -> Iterator[tuple[str, Any]]:
    """(where, document) of each answer in the payload; numbers stay the text that was sent."""
    text = decode(payload.path.read_bytes()).text
    bodies: list[tuple[str, str]]
    if text.lstrip()[: len(_ENVELOPE)] == _ENVELOPE:
        pages = [json.loads(line) for line in text.splitlines() if line.strip()]
        bodies = [(f"{payload.name}, page {p['page']}", p["body"]) for p in pages]
    else:
        bodies = [(payload.name, text)]
    del text
    for where, body in bodies:
        try:
            yield where, json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
        except ValueError as e:
            raise LoadRefused(
                "the answer is not whole JSON", where=f"{where}: {e}", todo="fetch it again"
            ) from None


# ---------------------------------------------------------------- pages


class _Changed(Exception):
    """The answer changed between two pages."""


class _Pages:
    """Pages of one window on disk, so that an interrupted fetch goes on where it stopped."""

    def __init__(self, folder: Path, minutes: float) -> None:
        self.folder = folder
        if folder.exists() and time.time() - folder.stat().st_ctime > minutes * 60:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o750)
        begun = folder / "begun"
        if not begun.exists() or time.time() - begun.stat().st_mtime > minutes * 60:
            self.clear()

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "begun").touch()

    def drop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, number: int) -> str | None:
        path = self.folder / f"{number:06d}.json"
        return path.read_bytes().decode("utf-8", "surrogatepass") if path.exists() else None

    def keep(self, number: int, text: str) -> None:
        path = self.folder / f"{number:06d}.json"
        part = path.with_suffix(".part")
        part.write_bytes(text.encode("utf-8", "surrogatepass"))
        os.replace(part, path)


def _fetch_window(
    source: Source, options: HttpOptions, client: Client, slice_: Slice, workdir: Path
) -> Payload:
    shown = {"start": str(slice_.start or ""), "end": str(slice_.end or "")}
    query = {k: v.format(**shown) for k, v in options.query.items()}
    asked = options.path + "?" + "&".join(f"{k}={v}" for k, v in query.items())
    key = hashlib.sha256(f"{client.base}|{asked}|{options.paging}".encode()).hexdigest()[:16]
    # beside workdir, which belongs to one process and goes with it
    pages = _Pages(workdir.parent / "pages" / source.name / key, options.resume_minutes)
    count = 0
    for left in range(options.consistency_tries - 1, -1, -1):
        try:
            count = _fetch_pages(options, client, query, pages, strict=left > 0)
            break
        except _Changed:
            pages.clear()
    target = workdir / f"{source.name}_{key}.jsonl"
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for number in range(1, count + 1):
            out.write(json.dumps({"page": number, "body": pages.read(number)}, ensure_ascii=True) + "\n")
    pages.drop()
    return Payload(slice_, asked, target, datetime.now(_ZONE).replace(tzinfo=None, microsecond=0))


def _fetch_pages(
    options: HttpOptions, client: Client, query: dict[str, str], pages: _Pages, strict: bool
) -> int:
    """Number of pages of the window, all kept. Raises _Changed when strict and the pages contradict one another."""
    paging = options.paging
    number, got, total = 0, 0, None
    while True:
        number += 1
        more = {paging.page: str(number), paging.size: str(paging.per_page)} if paging else {}
        text = pages.read(number)
        if text is None:
            text, doc = client.get(options.path, {**query, **more})
            pages.keep(number, text)
        else:
            doc = json.loads(text, parse_float=str, parse_int=str)
        if paging is None:
            return number
        found = lookup(doc, options.records) if options.records else doc
        size = len(found) if isinstance(found, list) else 0
        got += size
        said = lookup(doc, paging.total) if paging.total else None
        declared = int(str(said)) if said is not None and str(said).isdigit() else None
        if strict and number > 1 and declared != total:
            raise _Changed
        total = declared
        if size == 0 or (got >= total if total is not None else size < paging.per_page):
            break
    if strict and total is not None and got != total:
        raise _Changed
    return number
