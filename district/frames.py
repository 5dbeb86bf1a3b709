"""HJ 212-2017 frame logs of the monitored outlets, one file per month, as a gateway writes them.

Invariant: every frame meant to be good has the right length and CRC (HJ 212-2017 annex A); every damaged one carries
an absurd value, so that whoever lets it through finds an exceedance that nobody planted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from district.names import stream
from district.plan import District, Row
from district.stack import DECIMALS, GAS_FACTORS, WATER_FACTORS, OutletSeries


def _crc_table() -> np.ndarray:
    out = np.arange(256, dtype=np.uint16)
    for _ in range(8):
        out = np.where(out & 1, (out >> 1) ^ 0xA001, out >> 1).astype(np.uint16)
    return out


_TABLE = _crc_table()


def crc16(segments: list[bytes]) -> np.ndarray:
    """CRC of each data segment (uint16): register 0xFFFF, (reg >> 8) XOR byte, polynomial 0xA001, no swap."""
    n = len(segments)
    lengths = np.fromiter((len(s) for s in segments), np.int64, n)
    order = np.argsort(-lengths, kind="stable")
    width = int(lengths.max(initial=0))
    matrix = np.zeros((width, n), np.uint8)
    ordered = np.array([segments[i] for i in order], dtype=f"S{max(width, 1)}")
    matrix[:] = ordered.view(np.uint8).reshape(n, -1)[:, :width].T
    alive = np.searchsorted(
        -lengths[order], -np.arange(width) - 0.5
    )  # segments longer than column j come first
    register = np.full(n, 0xFFFF, np.uint16)
    for j in range(width):
        k = int(alive[j])
        part = register[:k]
        register[:k] = _TABLE[(part >> 8) ^ matrix[j, :k]]
    out = np.empty(n, np.uint16)
    out[order] = register
    return out


def frame(segment: bytes, crc: int) -> bytes:
    """Head, length, data segment, CRC; the tail is the line end of the log."""
    return b"##%04d%s%04X" % (len(segment), segment, crc)


def _cell(name: str, value: float, digits: int = 2) -> str:
    return f"{name}={value:.{digits}f}"


def _items(s: OutletSeries, h: int, instead: dict[str, float] | None = None) -> str:
    """The CP items of hour h; `instead` replaces the judged value of a factor (before a correction, damage)."""
    o, flag = s.outlet, s.flags[h]
    swap = instead or {}
    parts = []
    if o.medium == "gas":
        for f in GAS_FACTORS[o.kind]:
            value = swap.get(f)
            if f in s.zs:
                zs = s.zs[f][h] if value is None else value
                avg = s.avg[f][h] if value is None else value * 0.9
                parts.append(f"{f}-Avg={avg:.2f},{f}-ZsAvg={zs:.2f},{f}-Flag={flag}")
            else:
                parts.append(f"{f}-Avg={s.avg[f][h] if value is None else value:.2f},{f}-Flag={flag}")
        if "a19001" in s.extra:
            parts.append(f"a19001-Avg={s.extra['a19001'][h]:.1f},a19001-Flag={flag}")
        parts.append(f"a00000-Avg={s.flow[h]:.2f},a00000-Cou={s.flow[h] * 3600:.0f},a00000-Flag={flag}")
    else:
        for f in WATER_FACTORS:
            value = swap.get(f, s.avg[f][h])
            parts.append(f"{f}-Avg={value:.{DECIMALS.get(f, 2)}f},{f}-Flag={flag}")
        parts.append(f"w01001-Avg={s.extra['w01001'][h]:.2f},w01001-Flag={flag}")
        parts.append(f"w00000-Avg={s.flow[h]:.2f},w00000-Cou={s.flow[h] * 3.6:.2f},w00000-Flag={flag}")
    return ";".join(parts)


def _segment(s: OutletSeries, cn: int, data_time: datetime, sent: datetime, items: str) -> bytes:
    st = "31" if s.outlet.medium == "gas" else "32"
    qn = sent.strftime("%Y%m%d%H%M%S") + f"{sent.microsecond // 1000:03d}"
    return (
        f"QN={qn};ST={st};CN={cn};PW=123456;MN={s.outlet.mn};Flag=5;"
        f"CP=&&DataTime={data_time:%Y%m%d%H%M%S};{items}&&"
    ).encode()


def _all_items(s: OutletSeries) -> list[str]:
    """`_items` of every hour at once (a template over columns: an outlet-year in a fraction of a second)."""
    flags = s.flags.tolist()
    parts: list[str] = []
    columns: list[list[Any]] = []

    def put(text: str, *values: list[Any]) -> None:
        parts.append(text)
        columns.extend(values)

    if s.outlet.medium == "gas":
        for f in GAS_FACTORS[s.outlet.kind]:
            if f in s.zs:
                put(f"{f}-Avg=%.2f,{f}-ZsAvg=%.2f,{f}-Flag=%s", s.avg[f].tolist(), s.zs[f].tolist(), flags)
            else:
                put(f"{f}-Avg=%.2f,{f}-Flag=%s", s.avg[f].tolist(), flags)
        if "a19001" in s.extra:
            put("a19001-Avg=%.1f,a19001-Flag=%s", s.extra["a19001"].tolist(), flags)
        flow = "a00000-Avg=%.2f,a00000-Cou=%.0f,a00000-Flag=%s"
        put(flow, s.flow.tolist(), (s.flow * 3600).tolist(), flags)
    else:
        for f in WATER_FACTORS:
            put(f"{f}-Avg=%.{DECIMALS.get(f, 2)}f,{f}-Flag=%s", s.avg[f].tolist(), flags)
        put("w01001-Avg=%.2f,w01001-Flag=%s", s.extra["w01001"].tolist(), flags)
        flow = "w00000-Avg=%.2f,w00000-Cou=%.2f,w00000-Flag=%s"
        put(flow, s.flow.tolist(), (s.flow * 3.6).tolist(), flags)
    template = ";".join(parts)
    return [template % row for row in zip(*columns, strict=True)]


@dataclass
class _Line:
    at: datetime  # when the gateway received it
    order: int
    segment: bytes
    damage: str = ""
    key: Row = field(default_factory=dict)


def _lines(d: District, all_series: list[OutletSeries]) -> list[_Line]:
    hour = timedelta(hours=1)
    lines: list[_Line] = []
    starts = [d.begin + h * hour for h in range(d.days * 24)]
    labels = [t.strftime("%Y%m%d%H%M%S") for t in [*starts, d.begin + d.days * 24 * hour]]

    def add(at: datetime, segment: bytes, damage: str = "", **key: Any) -> None:
        lines.append(_Line(at, len(lines), segment, damage, key))

    for n, s in enumerate(all_series):
        if s.outlet.channel != "hj212":
            continue
        rng = stream(d.seed, f"gateway {s.outlet.outlet_id}")
        delay = timedelta(seconds=20 + n, milliseconds=int(rng.integers(1000)))
        damaged = set(rng.choice(len(s.flow), size=max(1, d.days // 30), replace=False).tolist())
        twice = set(s.duplicated)
        items = _all_items(s)
        st = "31" if s.outlet.medium == "gas" else "32"
        after = f"{delay.seconds // 60:02d}{delay.seconds % 60:02d}{delay.microseconds // 1000:03d}"
        for h in np.flatnonzero(s.present).tolist():
            start = starts[h]
            sent = start + hour + delay
            good = (
                f"QN={labels[h + 1][:10]}{after};ST={st};CN=2061;PW=123456;MN={s.outlet.mn};Flag=5;"
                f"CP=&&DataTime={labels[h]};{items[h]}&&"
            ).encode()
            before = s.corrected.get(h) or s.resent.get(h)
            if before:
                first = _segment(s, 2061, start, sent, _items(s, h, before))
                add(sent, first)
                later = sent + timedelta(hours=30)
                add(later, _segment(s, 2061, start, later, _items(s, h)))
                if h in s.resent:  # the gateway empties an old buffer: the first frame once more, last of all
                    add(later + timedelta(hours=40), first)
                continue
            if h in damaged and h not in twice:
                # first try arrives broken (absurd value), the second, four seconds later, is whole
                factor = next(iter(s.avg))
                bad = _segment(s, 2061, start, sent, _items(s, h, {factor: 8888.0}))
                add(sent, bad, ("crc", "cut", "length")[h % 3], point_id=f"outlet:{s.outlet.outlet_id}",
                    factor_code=factor, observed_at=start + hour)  # fmt: skip
                sent += timedelta(seconds=4)
                good = _segment(s, 2061, start, sent, _items(s, h))
            add(sent, good)
            if h in twice:
                add(sent + timedelta(seconds=10), good)
    _minutes(d, all_series, add)
    lines.sort(key=lambda x: (x.at, x.order))
    return lines


def _minutes(d: District, all_series: list[OutletSeries], add: Callable[..., None]) -> None:
    """Ten-minute means of one outlet for its first ordinary day: their hours' mean equals the hourly frame."""
    for s in all_series:
        if s.outlet.channel != "hj212" or s.outlet.medium != "gas":
            continue
        f = next(iter(s.avg))
        for day in range(d.days):
            hours = range(day * 24, day * 24 + 24)
            if all(s.present[h] and s.flags[h] == "N" and h not in s.planted for h in hours):
                break
        else:
            continue
        for h in hours:
            centre = float(s.avg[f][h])
            for k, shift in enumerate((-0.5, 0.3, -0.1, 0.1, 0.4, -0.2)):
                at = d.begin + timedelta(hours=h, minutes=10 * k)
                sent = at + timedelta(minutes=10, seconds=3)
                item = f"{f}-Avg={centre + shift * min(1.0, centre):.2f},{f}-Flag=N"
                add(sent, _segment(s, 2051, at, sent, item))
        return


def write_frames(d: District, all_series: list[OutletSeries], folder: Path) -> list[Row]:
    """Log files `gateway_<yyyy-mm>.log` (month in which the frame arrived). Returns truth about damaged frames."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = _lines(d, all_series)
    damaged: list[Row] = []
    months: dict[str, list[_Line]] = {}
    for line in lines:
        months.setdefault(line.at.strftime("%Y-%m"), []).append(line)
    for month, some in sorted(months.items()):
        checks = crc16([x.segment for x in some])
        out: list[bytes] = [f"# gateway log {month}, synthetic district, seed {d.seed}".encode()]
        for line, crc in zip(some, checks.tolist(), strict=True):
            whole = frame(line.segment, crc)
            if line.damage:
                damaged.append(
                    {"file": f"gateway_{month}.log", "damage": line.damage, "arrived_at": line.at, **line.key}
                )
                if line.damage == "crc":
                    whole = frame(line.segment, crc ^ 0x0101)
                elif line.damage == "cut":
                    whole = whole[: len(whole) * 2 // 3]
                else:
                    whole = b"##%04d" % (len(line.segment) - 7) + whole[6:]
            out.append(whole)
        (folder / f"gateway_{month}.log").write_bytes(b"\r\n".join(out) + b"\r\n")
    return damaged
