"""The hourly tier of a district-year (24 million values) as payload files, for benchmarks.

One file per day, the platform's answer as it would have been sent, wrapped in zstd; `jianhu extract
air_platform_hourly --files '<folder>/*.json.zst'` reads them. Values are planted nowhere; the dirt of a point is its
town's.
"""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from district.air import background, rounded
from district.names import TOWNS, stream
from district.pages import DayPages
from district.plan import District
from district.vectors import FACTORS

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
