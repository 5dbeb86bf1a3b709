"""The hourly tier of a district-year (24 million values) and its 5-minute tier (270 million) as payload files, for benchmarks.

One file per day, the platform's answer as it would have been sent, wrapped in zstd; `jianhu extract
air_platform_hourly --files '<folder>/*.json.zst'` reads them, and `air_station_5min --files '<folder>/*.csv.zst'` the
daily files of the 5-minute tier, which are made a month at a time. Values are planted nowhere; the dirt of a point is its
town's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from district.air import background, rounded
from district.names import TOWNS, stream
from district.pages import DayPages
from district.plan import District
from district.vectors import FACTORS

SLOTS = 288  # 5-minute intervals of a day
FINE_POINTS = 429  # 429 points × 6 factors × 105,120 intervals = 270.6 million values

POINTS = 457  # 457 points × 6 factors × 8,760 hours = 24.0 million values


def write_year(
    out: Path, seed: int, year: int, points: int = POINTS, days: int | None = None
) -> dict[str, Any]:
    """Write `<yyyy-mm-dd>.json.zst` for every day of the year (or the first `days`); gives counts and seconds."""
    began = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    first = date(year, 1, 1)
    last = date(year, 12, 31) if days is None else first + timedelta(days=days - 1)
    d = District(seed, first, last, 1.0, [], [], [], [], {})
    rng = stream(seed, "bulk")
    pages = DayPages([f"SYNB{n + 1:04d}" for n in range(points)])
    codec = pa.Codec("zstd", compression_level=1)
    dirt = np.array([TOWNS[n % len(TOWNS)].dirt for n in range(points)]) * rng.uniform(0.9, 1.1, points)
    values = {f: v.astype(np.float32) for f, v in rounded(background(d, dirt, "bulk")).items()}
    written = 0
    for day in range(d.days):
        rows = slice(day * 24, day * 24 + 24)
        part = {f: v[rows].astype(np.float64) for f, v in values.items()}
        flags = {}
        for f in FACTORS:
            lost = rng.random((24, points)) < 0.005
            part[f][lost] = np.nan
            flags[f] = np.where(lost, "B", "N")
        at = d.begin + timedelta(days=day)
        body = codec.compress(pages.render(at, part, flags, "reviewed"), asbytes=True)
        path = out / f"{at:%Y-%m-%d}.json.zst"
        staged = path.with_suffix(".part")
        staged.write_bytes(body)
        os.replace(staged, path)
        written += len(body)
    seconds = time.perf_counter() - began
    return {
        "files": d.days, "points": points, "values": d.days * 24 * points * len(FACTORS), "bytes": written,
        "seconds": round(seconds, 2), "folder": str(out),
    }  # fmt: skip


def write_fine_year(
    out: Path,
    seed: int,
    year: int,
    points: int = FINE_POINTS,
    days: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Write `air_5min_<yyyymmdd>.csv.zst` for every day of the year (or the first `days`); gives counts and seconds.

    A month at a time: what stands in memory does not grow with the year. A month's values depend on seed and month alone.
    """
    began = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    first, last = date(year, 1, 1), date(year, 12, 31)
    end = last if days is None else min(last, first + timedelta(days=days - 1))
    codes = [f"SYNB{n + 1:04d}" for n in range(points)]
    dirt = np.array([TOWNS[n % len(TOWNS)].dirt for n in range(points)])
    dirt = dirt * stream(seed, "bulk fine").uniform(0.9, 1.1, points)
    codec, written, files, start = pa.Codec("zstd", compression_level=1), 0, 0, first
    while start <= end:
        stop = min(end, (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1))
        if progress:
            progress(f"{start:%Y-%m}")
        # a day is added, for the last hour's values move towards those of the next
        d = District(seed, start, stop + timedelta(days=1), 1.0, [], [], [], [], {})
        hourly = {f: v.astype(np.float32) for f, v in background(d, dirt, f"bulk fine {start:%Y-%m}").items()}
        rng = stream(seed, f"bulk fine values {start:%Y-%m}")
        for day in range(d.days - 1):
            at = start + timedelta(days=day)
            part = {f: v[day * 24 : day * 24 + 25] for f, v in hourly.items()}
            body = codec.compress(_fine_day(at, codes, part, rng), asbytes=True)
            path = out / f"air_5min_{at:%Y%m%d}.csv.zst"
            staged = path.with_suffix(".part")
            staged.write_bytes(body)
            os.replace(staged, path)
            written, files = written + len(body), files + 1
        start = stop + timedelta(days=1)
    return {
        "files": files, "points": points, "values": files * SLOTS * points * len(FACTORS), "bytes": written,
        "seconds": round(time.perf_counter() - began, 2), "folder": str(out),
    }  # fmt: skip


FINE_HEADER = "站点编码,时间,审核状态," + ",".join(
    f"{f.replace('PM2_5', 'PM2.5')},{f.replace('PM2_5', 'PM2.5')}标识" for f in FACTORS
)


def _fine_day(
    day: date, codes: list[str], hourly: Mapping[str, np.ndarray], rng: np.random.Generator
) -> bytes:
    """One day as the platform exports it: values on straight lines between the hours', with noise; 0.5 % are lost."""
    points = len(codes)
    share = (np.arange(SLOTS, dtype=np.float32) % 12 / 12)[:, None]
    low = np.repeat(np.arange(24), 12)
    begin = datetime(day.year, day.month, day.day)
    times = [f"{begin + timedelta(minutes=5 * (k + 1)):%Y-%m-%d %H:%M:%S}" for k in range(SLOTS)]
    columns: list[Any] = [
        pa.array(codes).take(pa.array(np.tile(np.arange(points), SLOTS))),
        pa.array(times).take(pa.array(np.repeat(np.arange(SLOTS), points))),
        pa.array(["reviewed"]).take(pa.array(np.zeros(SLOTS * points, np.int8))),
    ]
    marks = pa.array(["N", "B"])
    for f in FACTORS:
        v = (1 - share) * hourly[f][low] + share * hourly[f][low + 1]
        v += (0.02 * v + (0.02 if f == "CO" else 1.0)) * rng.standard_normal(
            (SLOTS, points), dtype=np.float32
        )
        np.maximum(v, 0, out=v)
        lost = (rng.random((SLOTS, points), dtype=np.float32) < 0.005).ravel()
        if f == "CO":
            hundredths = np.round(v * 100).astype(np.int32).ravel()
            uniques = np.unique(hundredths)
            texts = pa.array([f"{u / 100:.2f}" for u in uniques.tolist()])
            sent = texts.take(pa.array(np.searchsorted(uniques, hundredths)))
        else:
            sent = pa.array(np.round(v).astype(np.int32).ravel()).cast(pa.string())
        columns.append(pc.if_else(pa.array(lost), "", sent))
        columns.append(marks.take(pa.array(lost.astype(np.int8))))
    buffer = pa.BufferOutputStream()
    buffer.write((FINE_HEADER + "\n").encode())
    table = pa.table(columns, names=[str(i) for i in range(len(columns))])
    pacsv.write_csv(table, buffer, pacsv.WriteOptions(include_header=False, quoting_style="none"))
    return buffer.getvalue().to_pybytes()
