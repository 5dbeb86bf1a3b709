"""One extraction run: declared sources in, committed loads out, a report that accounts for every row.

Invariant: what goes wrong in one source stays in that source; loads committed before stand.
"""

from __future__ import annotations

import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from extract import landing, lock
from extract import ledger as ledgers
from extract.door import BATCH_ROWS, Door
from extract.errors import LoadRefused, UserError, told_by_system
from extract.home import Home
from extract.home import home as default_home
from extract.passage import Passage
from extract.readers.base import Parsed, Payload, Reader, Request, Slice, get_reader
from extract.secrets import MissingSetting
from extract.source import Source, get_source, load_sources

MASK = "▇▇▇"
_SHOWN = 20  # rejected rows kept per source for the summary; all of them are in rejected.parquet


@dataclass
class SourceResult:
    """What one run did with one source.

    state: done, failed (the error says why; earlier loads stand), not_configured (an optional source without its
    settings), nothing (the provider had nothing to give). Counts are of the new loads; `standing` sums the loads that
    now count. rejected: the first rejected rows (file, row, column, value, rule, reason), personal values masked.
    """

    source: str
    provider: str
    state: str = "done"
    new_loads: int = 0
    unchanged_loads: int = 0
    refused_loads: int = 0
    records_in: int = 0
    rows_in: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    rejected_by_check: dict[str, int] = field(default_factory=dict)
    error: str = ""
    refused: list[str] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    standing: dict[str, int] = field(default_factory=dict)
    last_arrived_at: str | None = None
    is_stale: bool = False
    seconds: float = 0.0


@dataclass
class Report:
    """Results by source. exit_code: see docs/contracts.md section 9."""

    results: list[SourceResult]

    @property
    def failed(self) -> list[SourceResult]:
        return [r for r in self.results if r.state == "failed"]

    @property
    def exit_code(self) -> int:
        if self.failed:
            return 3
        return 4 if any(r.rows_rejected for r in self.results) else 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON prints it."""
        return {
            "exit_code": self.exit_code,
            "failed": {r.source: {"provider": r.provider, "error": r.error} for r in self.failed},
            "new_loads": sum(r.new_loads for r in self.results),
            "sources": {r.source: asdict(r) for r in self.results},
        }


@dataclass
class _Waiting:
    """A parsed payload that waits for its batch to fill."""

    payload: Payload
    parsed: Parsed
    rows_digest: str
    load_id: str


class _Run:
    """One source of one run, under that source's lock."""

    def __init__(
        self, source: Source, home: Home, workdir: Path, result: SourceResult, force: bool = False
    ) -> None:
        self.source, self.home, self.workdir, self.result = source, home, workdir, result
        self.reader: Reader = get_reader(source.reader)
        self.door = Door(source)
        self.waiting: list[_Waiting] = []
        self.committed: dict[Slice, list[str]] = {}  # ids of this run, by slice
        self.held: dict[Slice, list[Payload]] = {}
        self.force = force

    def payloads(self, payloads: Iterator[Payload]) -> None:
        for payload in payloads:
            self._one(payload)
        self._flush()
        # a payload that the winner had overtaken in an earlier run, and did not overtake in this one, has come back
        held, self.held = self.held, {}
        self.force = True
        for group in held.values():
            for payload in group:
                self._one(payload)
        self._flush()
        if not (self.result.new_loads or self.result.unchanged_loads or self.result.refused_loads):
            self.result.state = "nothing"

    def _one(self, payload: Payload) -> None:
        standing = landing.winner(self.home, payload.slice)
        version = self.source.parse_version
        if standing and not self.force and not any(w.payload.slice == payload.slice for w in self.waiting):
            digest = landing.sha256_of(payload.path)
            if landing.is_same_payload(standing, payload, digest, version):
                self._unchanged(payload.slice, standing.load_id)
                self._discard(payload)
                return
        try:
            pieces = self.reader.pieces(self.source, payload, BATCH_ROWS)
            parsed, more = next(pieces), next(pieces, None)
        except LoadRefused as e:
            self._refuse(payload, e)
            return
        if more is not None:
            self._flush()
            self._long(payload, chain([parsed, more], pieces), landing.winner(self.home, payload.slice))
            return
        if sum(w.parsed.table.num_rows for w in self.waiting) + parsed.table.num_rows > BATCH_ROWS:
            self._flush()
            standing = landing.winner(self.home, payload.slice)
        self.result.notes += [f"{payload.name}: {n}" for n in parsed.notes]
        digest = landing.rows_hash(self.source, parsed)
        own = landing.load_id(payload.slice, digest, version)
        alone = not any(w.payload.slice == payload.slice for w in self.waiting)
        if (
            standing and alone and own == standing.load_id
        ):  # spares the door: an id says all that it could say
            self._unchanged(payload.slice, own)
            self._discard(payload)
        elif standing and alone and self._is_overtaken(payload.slice, standing, own):
            self.held.setdefault(payload.slice, []).append(payload)
        else:
            self.waiting.append(_Waiting(payload, parsed, digest, own))

    def _long(self, payload: Payload, pieces: Iterable[Parsed], standing: landing.Load | None) -> None:
        """A load of more rows than are held at a time: read, judged and written piece by piece, whole or absent."""
        s, passage, digest = payload.slice, Passage(self.door), landing.RowsHash(self.source)
        try:
            with landing.Writing(self.home, self.source, payload) as load:
                for piece in pieces:
                    digest.add(piece)
                    load.add(piece, passage.check(piece))
                    self.result.notes += [f"{payload.name}: {n}" for n in piece.notes]
                own = landing.load_id(s, digest.hexdigest(), self.source.parse_version)
                if standing and own == standing.load_id:
                    self._unchanged(s, own)
                elif standing and self._is_overtaken(s, standing, own):
                    self.held.setdefault(s, []).append(payload)
                    return
                elif (refused := passage.refusal()) is not None:
                    raise refused
                else:
                    done = load.commit(digest.hexdigest(), self.committed.get(s, []))
                    self.committed.setdefault(s, []).append(done.load.load_id)
                    self._account(done, payload)
        except LoadRefused as e:
            self._refuse(payload, e)
            return
        self._discard(payload)

    def _unchanged(self, s: Slice, load_id: str) -> None:
        self.result.unchanged_loads += 1
        self.committed.setdefault(s, []).append(load_id)
        self.result.unchanged_loads += len(self.held.pop(s, []))

    def _flush(self) -> None:
        batch, self.waiting = self.waiting, []
        if not batch:
            return
        for w, verdict in zip(batch, self.door.check([w.parsed for w in batch]), strict=True):
            s = w.payload.slice
            try:
                done = landing.commit(
                    self.home,
                    self.source,
                    w.payload,
                    w.parsed,
                    verdict,
                    self.committed.get(s, []),
                    w.rows_digest,
                )
            except LoadRefused as e:
                self._refuse(w.payload, e)
                continue
            if not done.is_new:
                self._unchanged(s, done.load.load_id)
            else:
                self.committed.setdefault(s, []).append(done.load.load_id)
                self._account(done, w.payload)
            self._discard(w.payload)

    def _is_overtaken(self, s: Slice, standing: landing.Load, own: str) -> bool:
        """Two payloads of one run answer one slice, and in an earlier run this one was the first of them.

        It is held until the run shows whether the other one comes again: else each run would commit both anew.
        """
        if self.force or s in self.committed:
            return False
        return own in standing.manifest.get("predecessors", [])

    def _account(self, done: landing.Committed, payload: Payload) -> None:
        r, m = self.result, done.load.manifest
        r.new_loads += 1
        r.records_in += m["records_in"]
        r.rows_in += m["rows_in"]
        r.rows_loaded += m["rows_loaded"]
        r.rows_rejected += m["rows_rejected"]
        for check, count in m["rejected_by_check"].items():
            r.rejected_by_check[check] = r.rejected_by_check.get(check, 0) + count
        if m["predecessors"]:
            r.notes.append(
                f"{payload.name}: answers a slice that another payload of this run answered; this one stands"
            )
        if done.rejected is None:
            return
        room = max(0, _SHOWN - len(r.rejected))
        if room:
            r.rejected += rejected_rows(self.source, done.rejected.slice(0, 50 * room), payload.name)[:room]
        if self.source.reader == "register" or payload.path.suffix.lower() in (".xlsx", ".xlsm"):
            self._give_back(payload, done.rejected)

    def _give_back(self, payload: Payload, rejected: pa.Table) -> None:
        """The sender's own workbook, annotated, in work/returned/<source>/."""
        from extract.readers import register

        out = self.home.work / "returned" / self.source.name / Path(payload.name).name
        if out.suffix.lower() not in (".xlsx", ".xlsm"):
            out = out.with_name(out.name + ".xlsx")
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            register.annotate(self.source, payload.path, rejected, out)
        except Exception as e:  # the load stands; a workbook that cannot be annotated must not undo it
            self.result.notes.append(f"{payload.name}: the annotated workbook could not be made: {e}")
        else:
            self.result.returned.append(str(out))

    def _refuse(self, payload: Payload, e: LoadRefused) -> None:
        """Nothing is landed; the bytes are kept beside, so that a refused answer of an API is not lost."""
        self.result.refused_loads += 1
        self.result.refused.append(f"{payload.name}: {e}")
        keep = self.home.work / "refused" / self.source.name / landing.slice_id(payload.slice)
        keep.mkdir(parents=True, exist_ok=True)
        target = keep / f"{landing.sha256_of(payload.path)[:16]}-{payload.path.name[-100:]}"
        if not target.exists():
            shutil.copyfile(payload.path, target)
        target.with_name(target.name + ".txt").write_text(f"{payload.name}\n{e}\n", "utf-8")
        self._discard(payload)

    def _discard(self, payload: Payload) -> None:
        """Frees the space of unpacked payloads as the run goes on; never touches a file outside the work folder."""
        if self.workdir in payload.path.parents:
            payload.path.unlink(missing_ok=True)


def rejected_rows(source: Source, rejected: pa.Table, name: str) -> list[dict[str, Any]]:
    """Rejected rows as a person reads them; values of personal and secret columns are masked.

    Cells of one record that were turned away for one reason are told once, with the columns they stood in.
    """
    private = {c.name for c in source.columns if c.privacy in ("personal", "secret")}
    key_private = bool(private & set(source.natural_key))
    out: list[dict[str, Any]] = []
    for r in rejected.to_pylist():
        last = out[-1] if out else None
        if last and (last["row"], last["rule"], last["column"]) == (
            r["_row_no"],
            r["check_id"],
            r["column_name"],
        ):
            last["cells"] += 1
            last["col"] = f"{last['col']}、{r['_col']}" if last["cells"] <= 4 else last["col"]
            continue
        hide = r["column_name"] in private or (r["column_name"] is None and key_private)
        value, zh, en = r["rejected_value"], r["reason_zh"] or "", r["reason_en"] or ""
        value = value if value is None or len(value) <= 80 else value[:80] + "…"
        if hide and value:
            zh, en, value = zh.replace(value[:80], MASK), en.replace(value[:80], MASK), MASK
        out.append(
            {
                "file": name, "row": r["_row_no"], "col": r["_col"], "column": r["column_name"], "value": value,
                "rule": r["check_id"], "reason_zh": zh, "reason_en": en, "cells": 1,
            }
        )  # fmt: skip
    return out


def _wall_clock() -> datetime:
    return datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


def _request(source: Source, home: Home, since: date | None, until: date | None, files: Iterable[str] | None,
             parts: Iterable[str] | None) -> Request:  # fmt: skip
    if since is None and until is None and not files:
        # a routine run asks again for what may still come late, and after an outage for all windows since the last load
        today = _wall_clock().date()
        since, until = today - timedelta(days=max(1, source.slice.lateness_days)), today + timedelta(days=1)
        table = ledgers.winners(ledgers.ledger(home), {source.name: source})
        known = [end for end in table["window_end"].to_pylist() if end is not None]
        if known:
            since = min(since, max(known))
    return Request(since, until, tuple(files or ()), tuple(parts or ()))


def _reparse(source: Source, home: Home, workdir: Path, parts: Iterable[str] | None) -> Iterator[Payload]:
    """The stored payloads of the standing loads that were read in another way than they would be now."""
    wanted = set(parts or ())
    table = ledgers.winners(ledgers.ledger(home), {source.name: source})
    for row in table.to_pylist():
        if row["parse_version"] == source.parse_version or (wanted and row["part"] not in wanted):
            continue
        folder = Path(row["path"])
        load = next(x for x in landing.loads_of(folder.parent) if x.path == folder)
        yield landing.stored_payload(load, workdir)


def _run_one(source: Source, home: Home, request: Request, reparse: bool, wait_s: float,
             say: Callable[[str], None] | None) -> SourceResult:  # fmt: skip
    result = SourceResult(source.name, source.provider)
    started = time.monotonic()
    workdir = home.work / "extract" / f"{source.name}-{os.getpid()}"
    try:
        lockfile = home.work / "locks" / f"extract.{source.name}.lock"
        with lock.held(lockfile, f"the extraction of {source.name}", wait_s, say):
            landing.clean_leftovers(home, source.name)
            for old in (home.work / "extract").glob(f"{source.name}-*"):
                if old.name.removeprefix(f"{source.name}-").isdigit():
                    shutil.rmtree(old, ignore_errors=True)
            workdir.mkdir(parents=True)
            run = _Run(source, home, workdir, result)
            if reparse:
                run.payloads(_reparse(source, home, workdir, request.parts))
            else:
                run.payloads(run.reader.fetch(source, request, workdir))
        if result.refused_loads:
            result.state = "failed"
            result.error = f"{result.refused_loads} payload(s) refused as a whole; {result.refused[0]}"
    except MissingSetting as e:
        if source.optional:
            result.state = "not_configured"
            result.notes.append(f"not configured: {e.setting} is not set")
        else:
            result.state, result.error = "failed", str(e)
    except UserError as e:
        result.state, result.error = "failed", str(e)
    except Exception as e:  # one source's fault must not take the others along
        if (told := told_by_system(e)) is not None:
            result.state, result.error = "failed", str(told)
            return result
        log = home.work / "logs" / f"extract.{source.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc(), "utf-8")
        result.state, result.error = "failed", f"a fault of the program: {type(e).__name__}: {e}; see {log}"
    finally:
        shutil.rmtree(workdir, ignore_errors=True)
        result.seconds = round(time.monotonic() - started, 2)
    return result


def _tell_standing(results: list[SourceResult], sources: dict[str, Source], home: Home) -> None:
    table = ledgers.winners(ledgers.ledger(home), sources)
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        by_source.setdefault(row["source"], []).append(row)
    now = _wall_clock()
    for r in results:
        rows = by_source.get(r.source, [])
        counts = ("records_in", "rows_in", "rows_loaded", "rows_rejected")
        r.standing = {"loads": len(rows), **{k: sum(x[k] for x in rows) for k in counts}}
        last = max((x["arrived_at"] for x in rows), default=None)
        r.last_arrived_at = last.isoformat(sep=" ") if last else None
        limit = timedelta(hours=sources[r.source].freshness_hours)
        # content that did not change was seen just now; only an answer that did not come can be stale
        seen_now = r.state == "done"
        r.is_stale = not seen_now and r.state != "not_configured" and (last is None or now - last > limit)


def extract(
    names: Iterable[str],
    since: date | None = None,
    until: date | None = None,
    files: Iterable[str] | None = None,
    parts: Iterable[str] | None = None,
    reparse: bool = False,
    home: Home | None = None,
    wait_s: float = 600,
    say: Callable[[str], None] | None = None,
) -> Report:
    """Extracts the named sources one after another; failures are isolated and told by name.

    since, until: dates [since, until); neither: from the source's lateness, or from the last window that is loaded if that is
    earlier, to today. files: globs that stand in for
    the provider's address. reparse: read stored payloads again where reader, suite or declaration changed. say: called
    with progress lines. Raises UserError for an unknown source name only.
    """
    where = (home or default_home()).ensure()
    chosen = {n: get_source(n) for n in dict.fromkeys(names)}
    results = []
    for k, (name, source) in enumerate(chosen.items(), 1):
        if say:
            say(f"[{k}/{len(chosen)}] {name} {source.name_zh}")
        request = _request(source, where, since, until, files, parts)
        results.append(_run_one(source, where, request, reparse, wait_s, say))
    _tell_standing(results, chosen, where)
    return Report(results)


def names_of(provider: str | None = None) -> list[str]:
    """Names of all declared sources, or of one provider's. Raises UserError when the provider has none."""
    sources = load_sources()
    found = [n for n, s in sources.items() if provider in (None, s.provider)]
    if not found:
        known = sorted({s.provider for s in sources.values()})
        raise UserError(f"no source has the provider {provider!r}", todo="choose one of: " + ", ".join(known))
    return found
