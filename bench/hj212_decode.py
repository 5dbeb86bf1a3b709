"""HJ 212 packets a second on one core: the reader's decoder beside a plain table-CRC parser."""

from __future__ import annotations

import os
import time

import pyarrow as pa

from bench import _hj212_frames, _hj212_plain
from bench.run import Context, Result, peak_mb, timed
from extract.readers.base import Parsed
from extract.readers.hj212 import parse_bytes
from extract.readers.hj212_rules import FIELD_COLUMNS
from extract.source import get_source

_COLUMNS = ("mn", "st", "cn", "qn", "dialect", "data_time", "factor_code", *FIELD_COLUMNS)


def differences(
    parsed: Parsed, verdicts: list[str], rows: list[tuple[int, dict[str, str | None]]]
) -> tuple[int, str]:
    """Number of packets and rows on which decoder and rival differ, and the first of them in words."""
    ours = {} if parsed.rejects is None else dict(
        zip(parsed.rejects["_row_no"].to_pylist(), parsed.rejects["check_id"].to_pylist(), strict=True)
    )  # fmt: skip
    wrong: list[str] = []
    if parsed.records_in != len(verdicts):
        wrong.append(f"{parsed.records_in} packets found, rival {len(verdicts)}")
    for number, verdict in enumerate(verdicts, 1):
        mine = ours.get(number, "frame_ok").removeprefix("frame_")
        if mine != verdict:
            wrong.append(f"packet {number}: {mine}, rival {verdict}")
    table = parsed.table
    cells = [table[c].to_pylist() for c in ("_row_no", *_COLUMNS)]
    if table.num_rows != len(rows):
        wrong.append(f"{table.num_rows} rows, rival {len(rows)}")
    for mine_row, (number, row) in zip(zip(*cells, strict=True), rows, strict=False):
        if mine_row != (number, *(row.get(c) for c in _COLUMNS)):
            wrong.append(f"row {mine_row}, rival {number} {row}")
    return len(wrong), wrong[0] if wrong else ""


def run(context: Context) -> Result:
    """60,000 packets of made-up traffic; bytes in, Arrow table and rejects out.

    Both sides are measured in CPU seconds of the one core they are bound to, so a busy machine spoils neither.
    """
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    pa.set_cpu_count(1)
    source = get_source("cems_hj212")
    data = _hj212_frames.log(int(60_000 * context.scale))
    parsed = parse_bytes(source, data)
    peak = peak_mb()
    rival_seconds, (verdicts, rows) = timed(lambda: _hj212_plain.parse(data), 2, time.process_time)
    count, first = differences(parsed, verdicts, rows)
    del rows
    seconds, _ = timed(lambda: parse_bytes(source, data), 7, time.process_time)
    packets = parsed.records_in
    rejected = packets - parsed.stats["frames_accepted"]
    note = (
        f"CPU seconds of one core; {len(data) / packets:.0f} bytes and {parsed.table.num_rows / packets:.1f} rows a packet, {rejected} rejected; "
        f"rival {packets / rival_seconds:.0f} packets/s"
    )
    return Result(
        name="hj212_decode",
        rows=packets,
        seconds=round(seconds, 4),
        rows_per_s=round(packets / seconds, 1),
        peak_mb=peak,
        rival="plain Python parser with a table CRC (bench/_hj212_plain.py)",
        ratio=round(rival_seconds / seconds, 2),
        equal=count == 0,
        note=note + (f"; {count} differences, first: {first}" if count else ""),
    )
