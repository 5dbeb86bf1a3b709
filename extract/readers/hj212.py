"""HJ 212 packets in logs, captures and tables: one verdict per packet, one row per packet and factor.

Invariant: frames = accepted + the sum of the rejected by reason; the payload keeps the bytes of every one of them.
docs/hj212.md describes verdicts, rows and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from extract.readers import hj212_codec as codec
from extract.readers import hj212_rules as rules
from extract.readers.base import Parsed, Payload, Reader, Request
from extract.readers.files import Location, fetch_files, refuse_broken
from extract.readers.hj212_find import Found, find_packets, join_packets, settle_duplicates, stream_of
from extract.readers.hj212_rules import FIELD_COLUMNS, OK, Frame
from extract.readers.records import Rejects
from extract.source import Source, Strict

_COUNTERS = (
    "frames", "frames_accepted", "frames_crc_valid", "frames_without_rows", "rows_conflicting", "repeated_items",
    "items_in_payload_only", "pw_empty", "crc_lower_case", "segment_over_1024", "packet_sets", "packet_sets_incomplete",
)  # fmt: skip
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
        return fetch_files(
            source, request, workdir, options.location, options.window_pattern, options.part_pattern
        )

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
    stream, cells = stream_of(data)
    found = find_packets(stream, cells)
    stats: Counter[str] = Counter(dict.fromkeys(_COUNTERS, 0))
    tables = _decode(stream, found, stats)
    settle_duplicates(found)
    join_packets(found, stats)
    rejects = Rejects(source)
    slow, conflicting = _slow_rows(found, rejects, stats)
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
    with_rows[conflicting] = True
    stats["frames_without_rows"] = stats["frames_accepted"] - int(np.count_nonzero(with_rows))
    plain_stats = {k: int(v) for k, v in sorted(stats.items())}
    notes = [f"hj212: {k} {v}" for k, v in plain_stats.items() if v]
    # a quiet log and one that a power cut left full of zero bytes look alike: said, not refused
    if not found.count:
        notes.append(f"hj212: no packet in {len(data)} bytes")
    return Parsed(table, found.count, rejects.table(), notes, plain_stats)


# ---------------------------------------------------------------- decoding


def _decode(stream: bytes, found: Found, stats: Counter[str]) -> list[pa.Table]:
    """Rows of the regular packets, block by block; the others are read by the plain form into `found.plain`."""
    keys = codec.Keys()
    tables: list[pa.Table] = []
    numbers = np.flatnonzero((found.segment_end >= 0) & (found.first == np.arange(found.count)))
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


# ---------------------------------------------------------------- rows


def _cells(frame: Frame) -> dict[str, str | None]:
    head = frame.head
    return {
        "mn": head.get("MN"), "st": head.get("ST"), "cn": head.get("CN"), "qn": head.get("QN"),
        "dialect": frame.dialect if head else None, "data_time": frame.data_time,
    }  # fmt: skip


def _slow_rows(found: Found, rejects: Rejects, stats: Counter[str]) -> tuple[pa.Table, list[int]]:
    """Rows of the packets that the plain form read, and the record numbers whose values contradict each other.

    A factor with two different values of one kind in one packet is a rejected row: nobody can tell which holds.
    """
    conflicting: list[int] = []
    out: dict[str, list[Any]] = {c: [] for c in ("frame", *codec.ROW_COLUMNS)}
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
                conflicting.append(no + 1)
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
    columns = {c: pa.array(v, pa.int64() if c == "frame" else pa.string()) for c, v in out.items()}
    return pa.table(columns), conflicting


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
        number,
        f"frame_{frame.reason}",
        zh,
        en,
        column_name=_BLAMED.get(frame.reason),
        value=shown,
        cells=cells,
    )


# the column that a reason speaks of, where it speaks of one
_BLAMED = {"bad_cn": "cn", "mn_empty": "mn", "datatime_bad": "data_time", "datatime_missing": "data_time"}
