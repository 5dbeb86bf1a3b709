"""Where the packets of a payload are, which repeat one another, and which belong together.

Invariant: every packet found has one number, in order of its place in the bytes; nothing is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from extract.readers import hj212_codec as codec
from extract.readers import hj212_rules as rules
from extract.readers.hj212_rules import OK, Frame

_CN = b";CN="


@dataclass
class Found:
    """Packets in order.

    start, segment_end (-1: not framed), first (number of the first framed packet with the same segment, mostly its
    own) per packet; plain: those that the plain form has read.
    """

    start: np.ndarray
    segment_end: np.ndarray
    first: np.ndarray
    plain: dict[int, Frame]

    @property
    def count(self) -> int:
        return int(self.start.size)


def stream_of(data: bytes) -> tuple[bytes, list[tuple[int, int]] | None]:
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


def find_packets(stream: bytes, cells: list[tuple[int, int]] | None) -> Found:
    """Every packet of the bytes, framed or not; cells: spans that hold at least one packet each."""
    starts = codec.candidates(stream)
    ends, prints = codec.segment_ends(stream, starts)
    for i in np.flatnonzero(ends < 0).tolist():  # segments of 0 or 1 characters, too short for the block form
        if stream[starts[i] + 2 : starts[i] + 6] in (b"0000", b"0001"):
            whole = rules.framed(stream, int(starts[i]))
            ends[i] = whole[0] if whole else -1
    keep = _not_inside(starts, ends)
    starts, ends, prints = starts[keep], ends[keep], prints[keep]
    broken: dict[int, Frame] = {}
    for i in np.flatnonzero(ends < 0).tolist():
        start = int(starts[i])
        after = int(starts[i + 1]) if i + 1 < starts.size else len(stream)
        broken[start] = rules.judge_broken(stream, start, _line_end(stream, start, after))
    for frame in _headerless(stream, starts, ends, broken):
        broken[frame.start] = frame
    if cells is not None:
        _empty_cells(cells, starts, broken)
    return _ordered(stream, starts, ends, prints, broken)


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
    limit = np.array(
        [e + 4 if e >= 0 else broken[s].end for s, e in zip(starts.tolist(), ends.tolist(), strict=True)], np.int64
    )  # fmt: skip
    gap_from, gap_to = np.append(0, limit), np.append(starts, len(stream))
    wide = np.flatnonzero(gap_to - gap_from >= len(_CN))
    marks: list[tuple[int, int]] = []  # places of ;CN= outside every packet, and the packet before
    for i, at, to in zip((wide - 1).tolist(), gap_from[wide].tolist(), gap_to[wide].tolist(), strict=True):
        while (at := stream.find(_CN, at, to)) >= 0:
            marks.append((at, i))
            at += len(_CN)
    low = 0
    for at, i in marks:
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


def _ordered(
    stream: bytes, starts: np.ndarray, ends: np.ndarray, prints: np.ndarray, broken: dict[int, Frame]
) -> Found:
    framed = ends >= 0
    starts, ends, prints = starts[framed], ends[framed], prints[framed]
    first = codec.first_equal(stream, starts + 6, ends, prints)
    others = np.array(sorted(broken), np.int64)
    all_starts = np.concatenate([starts, others])
    all_ends = np.concatenate([ends, np.full(others.size, -1, np.int64)])
    order = np.argsort(all_starts, kind="stable")
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    all_first = number.copy()
    all_first[: starts.size] = number[first]
    plain = {int(number[starts.size + i]): broken[int(at)] for i, at in enumerate(others.tolist())}
    return Found(all_starts[order], all_ends[order], all_first[order], plain)


def settle_duplicates(found: Found) -> None:
    """A packet equal byte for byte to an earlier one shares its fault, or is a duplicate_frame of an accepted one."""
    for i in np.flatnonzero(found.first != np.arange(found.count)).tolist():
        start, end = int(found.start[i]), int(found.segment_end[i])
        twin = found.plain.get(int(found.first[i]))
        reason = twin.reason if twin is not None and twin.reason != OK else "duplicate_frame"
        found.plain[i] = Frame(start, end + 4, reason, b"", True)
        if twin is not None:
            found.plain[i].head, found.plain[i].data_time = twin.head, twin.data_time


def join_packets(found: Found, stats: Counter[str]) -> None:
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
