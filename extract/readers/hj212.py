"""HJ 212 packets in logs, captures and tables: one verdict per packet, one row per packet and factor.

Invariant: frames = accepted + the sum of the rejected by reason; the payload keeps the bytes of every one of them.
docs/hj212.md describes verdicts, rows and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from extract.readers import hj212_codec as codec
from extract.readers import hj212_rules as rules
from extract.readers.base import Parsed, Payload, Reader, Request
from extract.readers.files import Location, find, refuse_broken, slice_of, unwrap, wanted
from extract.readers.hj212_rules import FIELD_COLUMNS, OK, Frame
from extract.readers.records import Rejects
from extract.source import Source, Strict

_SHOWN = 2000  # characters of a rejected packet that are repeated beside its reason


class Hj212Options(Strict):
    """location: where the logs lie; part_pattern, window_pattern: as for files."""

    location: Location
    part_pattern: str | None = None
    window_pattern: str | None = None


class Hj212Reader(Reader):
    """Reader of kind `hj212`."""

    VERSION: ClassVar[str] = "1"
    Options: ClassVar[type[Hj212Options]] = Hj212Options

    def fetch(self, source: Source, request: Request, workdir: Path) -> Iterator[Payload]:
        """A payload per log file, in order of path."""
        options: Hj212Options = self.options(source)
        for path in find(source, options.location, request):
            payload = unwrap(source, path, workdir)
            slice_, hints = slice_of(source, path, options.window_pattern, options.part_pattern)
            payload.slice, payload.hints = slice_, {**hints, **payload.hints}
            if wanted(slice_, request):
                yield payload

    def parse(self, source: Source, payload: Payload) -> Parsed:
        """Rows and rejects of one log; `_row_no` is the number of the packet in the payload, `_col` its factor."""
        refuse_broken(payload)
        return parse_bytes(source, payload.path.read_bytes())


def parse_bytes(source: Source, data: bytes) -> Parsed:
    """Decode the packets in any bytes. Raises nothing whatever the bytes are.

    records_in: packets found, accepted or not. stats: frames, frames_accepted, frames_crc_valid (the CRC fits what was
    sent, whatever else is wrong), frames_without_rows (accepted, no measured factor: heartbeats, answers, commands),
    rejected_<reason>, and counters of oddities that are not faults.
    """
    stream, cells = _stream(data)
    found = _find(stream, cells)
    stats: Counter[str] = Counter()
    tables = _decode(stream, found, stats)
    _drop_duplicates(stream, found)
    _join_packets(found, stats)
    duplicates = found.duplicates()
    if duplicates.any():
        tables = [t.filter(pa.array(~duplicates[t["frame"].to_numpy()])) for t in tables]
    rejects = Rejects(source)
    slow = _slow_rows(source, found, rejects, stats)
    table = _table(source, [*tables, slow])
    bad = 0
    for no in sorted(found.plain):
        frame = found.plain[no]
        stats["frames_crc_valid"] += frame.crc_valid
        if frame.reason != OK:
            bad += 1
            stats[f"rejected_{frame.reason}"] += 1
            _reject(source, stream, frame, no + 1, rejects)
    stats["frames"] = found.count
    stats["frames_accepted"] = found.count - bad
    stats["frames_crc_valid"] += found.count - len(found.plain)
    with_rows = np.zeros(found.count + 1, bool)
    with_rows[table["_row_no"].to_numpy()] = True
    sent_bad = {r for r in rejects_of(rejects, "row_conflicting_values")}
    with_rows[list(sent_bad)] = True
    stats["frames_without_rows"] = stats["frames_accepted"] - int(np.count_nonzero(with_rows))
    plain_stats = {k: int(v) for k, v in sorted(stats.items())}
    notes = [f"hj212: {k} {v}" for k, v in plain_stats.items() if v]
    return Parsed(table, found.count, rejects.table(), notes, plain_stats)


def rejects_of(rejects: Rejects, check_id: str) -> Iterator[int]:
    """Record numbers of the collected rejects of one check."""
    table = rejects.table()
    if table is None:
        return
    for no, check in zip(table["_row_no"].to_pylist(), table["check_id"].to_pylist(), strict=True):
        if check == check_id:
            yield no


# ---------------------------------------------------------------- finding


@dataclass
class Found:
    """Packets in order. start, segment_end (-1: not framed) per packet; plain: those read by the plain form."""

    start: np.ndarray
    segment_end: np.ndarray
    plain: dict[int, Frame]

    @property
    def count(self) -> int:
        return int(self.start.size)

    def duplicates(self) -> np.ndarray:
        out = np.zeros(self.count, bool)
        out[[no for no, f in self.plain.items() if f.reason == "duplicate_frame"]] = True
        return out


def _stream(data: bytes) -> tuple[bytes, list[tuple[int, int]] | None]:
    """The bytes to search, and for a table with a column `frame` the spans of its cells within them."""
    line_end = data.find(b"\n")
    header = data[: line_end if line_end >= 0 else len(data)].removeprefix(b"\xef\xbb\xbf").rstrip(b"\r")
    names = header.split(b"\t")
    if len(names) < 2 or b"frame" not in names:
        return data, None
    at = names.index(b"frame")
    cells: list[bytes] = []
    for line in data[len(header) :].lstrip(b"\xef\xbb\xbf").split(b"\n")[1:]:
        fields = line.rstrip(b"\r").split(b"\t", maxsplit=len(names) - 1)
        if len(fields) > at and fields[at].strip():
            cells.append(fields[at])
        elif line.strip():
            cells.append(line)  # a cut or blank record still is one packet
    spans, where = [], 0
    for cell in cells:
        spans.append((where, where + len(cell)))
        where += len(cell) + 1
    return b"\n".join(cells) + b"\n", spans


def _find(stream: bytes, cells: list[tuple[int, int]] | None) -> Found:
    starts = codec.candidates(stream)
    ends = codec.segment_ends(stream, starts)
    for i in np.flatnonzero(ends < 0).tolist():  # segments of 0 or 1 characters, too short for the block form
        if stream[starts[i] + 2 : starts[i] + 6] in (b"0000", b"0001"):
            whole = rules.framed(stream, int(starts[i]))
            ends[i] = whole[0] if whole else -1
    keep = _not_inside(starts, ends)
    starts, ends = starts[keep], ends[keep]
    broken: dict[int, Frame] = {}
    for i in np.flatnonzero(ends < 0).tolist():
        start = int(starts[i])
        after = int(starts[i + 1]) if i + 1 < starts.size else len(stream)
        broken[start] = rules.judge_broken(stream, start, _line_end(stream, start, after))
    for frame in _headerless(stream, starts, ends, broken):
        broken[frame.start] = frame
    if cells is not None:
        _empty_cells(cells, starts, broken)
    return _ordered(starts, ends, broken)


def _not_inside(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Candidates that do not begin inside an earlier framed packet."""
    keep = np.ones(starts.size, bool)
    reach = np.maximum.accumulate(np.where(ends >= 0, ends + 4, 0)) if starts.size else ends
    if starts.size < 2 or not (starts[1:] < reach[:-1]).any():
        return keep
    limit = 0
    for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if start < limit:
            keep[i] = False
        elif end >= 0:
            limit = end + 4
    return keep


def _line_end(stream: bytes, start: int, after: int) -> int:
    for mark in (b"\n", b"\r"):
        at = stream.find(mark, start, after)
        if at >= 0:
            after = at
    return after


def _headerless(
    stream: bytes, starts: np.ndarray, ends: np.ndarray, broken: dict[int, Frame]
) -> Iterator[Frame]:
    """Data segments that stand outside every packet: their header was lost."""
    hits, at = [], stream.find(b";CN=")
    while at >= 0:
        hits.append(at)
        at = stream.find(b";CN=", at + 4)
    if not hits:
        return
    marks = np.array(hits, np.int64)
    before = np.searchsorted(starts, marks, side="right") - 1
    limit = np.array(
        [e + 4 if e >= 0 else broken[s].end for s, e in zip(starts.tolist(), ends.tolist(), strict=True)], np.int64
    ) if starts.size else np.zeros(0, np.int64)  # fmt: skip
    outside = (before < 0) | (marks >= (limit[before] if starts.size else 0))
    low = 0
    for at, i in zip(marks[outside].tolist(), before[outside].tolist(), strict=True):
        if at < low:
            continue
        after = int(starts[i + 1]) if i + 1 < starts.size else len(stream)
        floor = max(low, int(limit[i]) if i >= 0 else 0)
        frame = rules.judge_headerless(stream, at, floor, _line_end(stream, at, after))
        if frame:
            low = frame.end
            yield frame


def _empty_cells(cells: list[tuple[int, int]], starts: np.ndarray, broken: dict[int, Frame]) -> None:
    """A record of a table in which no packet was found is one packet without a header."""
    known = np.sort(np.concatenate([starts, np.array(list(broken), np.int64)]))
    for a, b in cells:
        i = int(np.searchsorted(known, a))
        if i >= known.size or known[i] >= b:
            broken[a] = Frame(a, b, "header_missing")


def _ordered(starts: np.ndarray, ends: np.ndarray, broken: dict[int, Frame]) -> Found:
    framed = ends >= 0
    all_starts = np.concatenate([starts[framed], np.array(sorted(broken), np.int64)])
    all_ends = np.concatenate([ends[framed], np.full(len(broken), -1, np.int64)])
    order = np.argsort(all_starts, kind="stable")
    all_starts, all_ends = all_starts[order], all_ends[order]
    plain = {int(i): broken[int(all_starts[i])] for i in np.flatnonzero(all_ends < 0)}
    return Found(all_starts, all_ends, plain)


# ---------------------------------------------------------------- decoding


def _decode(stream: bytes, found: Found, stats: Counter[str]) -> list[pa.Table]:
    """Rows of the regular packets, block by block; the others are read by the plain form into `found.plain`."""
    keys = codec.Keys()
    tables: list[pa.Table] = []
    numbers = np.flatnonzero(found.segment_end >= 0)
    starts, ends = found.start[numbers], found.segment_end[numbers]
    at = 0
    while at < numbers.size:
        low = int(starts[at])
        to = max(int(np.searchsorted(starts, low + codec.BLOCK)), at + 1)
        block = stream[low : int(ends[to - 1]) + 4]
        done = codec.decode(block, starts[at:to] + 6 - low, ends[at:to] - low, keys)
        stats.update(done.notes)
        if done.rows is not None and done.rows.num_rows:
            number = numbers[at:to][done.rows["frame"].to_numpy()]
            tables.append(done.rows.set_column(0, "frame", pa.array(number)))
        for i in (numbers[at:to][done.slow]).tolist():
            start, end = int(found.start[i]), int(found.segment_end[i])
            frame = Frame(start, end + 4, OK, stream[start + 6 : end], True)
            found.plain[i] = rules.read_segment(frame)
            if frame.reason == OK:
                stats["pw_empty"] += not frame.head.get("PW")
                stats["segment_over_1024"] += end - start - 6 > 1024
                stats["crc_lower_case"] += any(c >= 97 for c in stream[end : end + 4])
                stats["items_in_payload_only"] += frame.other_items
        at = to
    return tables


def _drop_duplicates(stream: bytes, found: Found) -> None:
    """Packets equal byte for byte to an earlier accepted one get the verdict duplicate_frame."""
    good = found.segment_end >= 0
    good[[no for no, f in found.plain.items() if f.reason != OK]] = False
    numbers = np.flatnonzero(good)
    starts, ends = found.start[numbers] + 6, found.segment_end[numbers]
    for i in numbers[~codec.first_of_equal(stream, starts, ends)].tolist():
        frame = found.plain.get(i)
        if frame is None:
            start, end = int(found.start[i]), int(found.segment_end[i])
            frame = rules.read_segment(Frame(start, end + 4, OK, stream[start + 6 : end], True))
            found.plain[i] = frame
        frame.reason = "duplicate_frame"


def _join_packets(found: Found, stats: Counter[str]) -> None:
    """Reassemble split messages (PNUM, PNO): a set's DataTime is that of the packet that carries it.

    A packet belongs to the open set of its MN, CN and PNUM unless its DataTime or QN says otherwise or its number has
    come already. A packet that can be read alone is accepted even when its set is not complete.
    """
    open_sets: dict[tuple[str, str, int], dict[int, Frame]] = {}
    sets: list[dict[int, Frame]] = []
    for no in sorted(found.plain):
        frame = found.plain[no]
        if not frame.pnum or frame.reason != OK:
            continue
        key = (frame.head["MN"].strip(), frame.head["CN"], frame.pnum)
        one = open_sets.get(key)
        if one is None or frame.pno in one or not _same_message(one, frame):
            one = open_sets[key] = {}
            sets.append(one)
        one[frame.pno] = frame
    for one in sets:
        pnum = next(iter(one.values())).pnum
        stats["packet_sets"] += 1
        stats["packet_sets_incomplete"] += len(one) < pnum
        time = next((f.data_time for _, f in sorted(one.items()) if f.data_time), None)
        merged: dict[str, Frame] = {}
        for _, frame in sorted(one.items()):
            if frame.items and not frame.data_time:
                if time is None:
                    frame.reason = "multi_packet_incomplete"
                    continue
                frame.data_time = time
            # what belongs to a factor that an earlier packet began joins that packet's row
            stay = []
            for item in frame.items:
                home = merged.setdefault(item[0], frame)
                if home is frame:
                    stay.append(item)
                else:
                    home.items.append(item)
            frame.items = stay


def _same_message(one: dict[int, Frame], frame: Frame) -> bool:
    times = {f.data_time.strip() for f in (*one.values(), frame) if f.data_time}
    if len(times) > 1:
        return False
    last = one[max(one)]
    if frame.data_time and times and any(f.data_time for f in one.values()):
        return True
    qn, last_qn = frame.head.get("QN", ""), last.head.get("QN", "")
    return qn == last_qn or frame.pno == max(one) + 1


# ---------------------------------------------------------------- rows

_IDENTITY = ("mn", "st", "cn", "qn", "dialect", "data_time", "factor_code")


def _cells(frame: Frame) -> dict[str, str | None]:
    head = frame.head
    return {
        "mn": head.get("MN"), "st": head.get("ST"), "cn": head.get("CN"), "qn": head.get("QN"),
        "dialect": frame.dialect if head else None, "data_time": frame.data_time,
    }  # fmt: skip


def _slow_rows(source: Source, found: Found, rejects: Rejects, stats: Counter[str]) -> pa.Table:
    """Rows of the packets that the plain form read; values that contradict each other in one packet are rejected."""
    out: dict[str, list[Any]] = {c: [] for c in ("frame", *_IDENTITY, *FIELD_COLUMNS)}
    for no in sorted(found.plain):
        frame = found.plain[no]
        if frame.reason != OK:
            continue
        by_factor: dict[str, list[list[str]]] = {}
        for factor, kind, text in frame.items:
            slots = by_factor.setdefault(factor, [[] for _ in FIELD_COLUMNS])
            if text in slots[kind]:
                stats["repeated_items"] += 1
            else:
                slots[kind].append(text)
        cells = _cells(frame)
        for factor, slots in by_factor.items():
            clash = next((i for i, texts in enumerate(slots) if len(texts) > 1), None)
            if clash is not None:
                name = FIELD_COLUMNS[clash]
                shown = "、".join(slots[clash])[:_SHOWN]
                stats["rows_conflicting"] += 1
                rejects.add(
                    no + 1, "row_conflicting_values",
                    f"同一报文中因子 {factor} 的同一项出现多个不同的值：{shown}；无法确定以哪个为准，请核对数采仪配置",
                    f"factor {factor} comes with several different values in one packet: {shown}; check the device's set-up",
                    col=factor, column_name=name, value=shown, cells={**cells, "factor_code": factor},
                )  # fmt: skip
                continue
            out["frame"].append(no)
            for name, value in cells.items():
                out[name].append(value)
            out["factor_code"].append(factor)
            for name, texts in zip(FIELD_COLUMNS, slots, strict=True):
                out[name].append(texts[0] if texts else None)
    return pa.table(
        {c: pa.array(v, pa.int64() if c == "frame" else pa.string()) for c, v in out.items()}
    )


def _table(source: Source, tables: list[pa.Table]) -> pa.Table:
    """The fixed schema of the source, in payload order."""
    filled = [t for t in tables if t.num_rows] or tables[-1:]
    whole = pa.concat_tables(filled)
    numbers = whole["frame"].to_numpy()
    if numbers.size and (numbers[1:] < numbers[:-1]).any():
        whole = whole.take(pa.array(np.argsort(numbers, kind="stable")))
        numbers = whole["frame"].to_numpy()
    out: dict[str, Any] = {"_row_no": pa.array(numbers + 1, pa.int64()), "_col": whole["factor_code"]}
    for column in source.columns:
        known = column.name in whole.column_names
        out[column.name] = whole[column.name] if known else pa.nulls(whole.num_rows, pa.string())
    return pa.table(out)


def _reject(source: Source, stream: bytes, frame: Frame, number: int, rejects: Rejects) -> None:
    zh, en = rules.REASONS[frame.reason]
    shown = stream[frame.start : frame.end][:_SHOWN].decode("ascii", "backslashreplace")
    declared = {c.name for c in source.columns}
    cells = {k: v for k, v in _cells(frame).items() if k in declared}
    rejects.add(
        number, f"frame_{frame.reason}", zh, en, column_name=_BLAMED.get(frame.reason), value=shown, cells=cells
    )


# the column that a reason speaks of, where it speaks of one
_BLAMED = {"bad_cn": "cn", "mn_empty": "mn", "datatime_bad": "data_time", "datatime_missing": "data_time"}
