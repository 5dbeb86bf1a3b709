"""The rival: daily AQI of HJ 633-2012 by a careful pandas script, from the same landing files, in exact integers.

Values are scaled to integers (micro-units) at once, so that means and ceilings are exact; the grid is dense, windows are
rolling counts and sums over it, as a careful analyst would write it.
"""

from __future__ import annotations

import csv
import glob
from pathlib import Path

import numpy as np
import pandas as pd

SCALE = 1_000_000
MEANS = ("SO2", "NO2", "CO", "PM10", "PM2_5")


def breakpoints(seed: Path) -> dict[tuple[str, str], list[tuple[int, int, int, int]]]:
    """(pollutant, averaging) → segments of HJ 633-2012 in micro-units, from the project's seed."""
    out: dict[tuple[str, str], list[tuple[int, int, int, int]]] = {}
    with seed.open(encoding="utf-8") as f:
        for r in csv.DictReader(f):
            if r["regime"] == "regime_2012":
                key = (r["factor_code"], r["averaging"])
                lo, hi = (round(float(r[k]) * SCALE) for k in ("concentration_low", "concentration_high"))
                out.setdefault(key, []).append(
                    (lo, hi, int(float(r["iaqi_low"])), int(float(r["iaqi_high"])))
                )
    return {k: sorted(v) for k, v in out.items()}


def iaqi(values: pd.Series, segments: list[tuple[int, int, int, int]]) -> pd.Series:
    """IAQI rounded up, exactly: integer arithmetic throughout; above the last breakpoint the last IAQI."""
    x = values.to_numpy()
    known = ~np.isnan(x)
    n = np.where(known, x, 0).astype(np.int64)
    out = np.full(len(x), np.nan)
    for lo, hi, a, b in segments:
        inside = known & (n >= lo) & (n <= hi) & np.isnan(out)
        rise = (b - a) * (n - lo)
        out[inside] = (a + -(-rise // (hi - lo)))[inside]
    out[known & (n > segments[-1][1])] = segments[-1][3]
    return pd.Series(out, index=values.index)


def daily(files: list[str], seed: Path) -> pd.DataFrame:
    """station_code, air_date, aqi (null when an item is missing and nothing else exceeds 100)."""
    frames = [pd.read_parquet(f, columns=["station_code", "observed_at", "item", "value"]) for f in files]
    long = pd.concat(frames, ignore_index=True)
    del frames
    long["value"] = (long["value"].astype("float64") * SCALE).round()
    long["item"] = long["item"].astype("category")
    long["station_code"] = long["station_code"].astype("category")
    wide = long.pivot_table(
        index=["station_code", "observed_at"], columns="item", values="value", aggfunc="first", observed=True
    )
    del long
    stations = wide.index.get_level_values(0).unique()
    hours = pd.date_range(
        wide.index.get_level_values(1).min(), wide.index.get_level_values(1).max(), freq="h"
    )
    wide = wide.reindex(pd.MultiIndex.from_product([stations, hours], names=["station_code", "observed_at"]))
    ends = wide.index.get_level_values(1)
    wide["air_date"] = (ends - pd.Timedelta(hours=1)).normalize()
    wide["hour_no"] = (ends - pd.Timedelta(hours=1)).hour + 1
    groups = wide.groupby(["station_code", "air_date"], observed=True)
    result = pd.DataFrame(index=groups.size().index)
    table = breakpoints(seed)
    for item in MEANS:
        total, count = groups[item].sum(), groups[item].count()
        # the warehouse keeps a mean to six places, rounded half up; in micro-units that is an integer
        mean = (2 * total + count) // (2 * count).replace(0, np.nan)
        result[item] = iaqi(mean.where(count >= 20), table[(item, "24h")])
    window = wide.groupby(["station_code", "air_date"], observed=True)["O3"].rolling(8, min_periods=1)
    sums = window.sum().reset_index(level=[0, 1], drop=True)
    counts = window.count().reset_index(level=[0, 1], drop=True)
    eight = ((2 * sums + counts) // (2 * counts).replace(0, np.nan)).where(
        (counts >= 6) & (wide["hour_no"] >= 8)
    )
    by_day = eight.groupby([wide.index.get_level_values(0), wide["air_date"]], observed=True)
    best, windows = by_day.max(), by_day.count()
    limit = 160 * SCALE
    result["O3"] = iaqi(best.where((windows >= 14) | (best > limit)), table[("O3", "8h")])
    o3_hour = groups["O3"].max()
    result["O3_1h"] = iaqi(o3_hour.where(result["O3"].notna()), table[("O3", "1h")])
    six = [*MEANS, "O3"]
    aqi = result[[*six, "O3_1h"]].max(axis=1)
    result["aqi"] = aqi.where(result[six].notna().all(axis=1) | (aqi > 100))
    return result.reset_index()[["station_code", "air_date", "aqi"]]


def landing_files(home: Path, source: str) -> list[str]:
    """rows.parquet of every load of a source in a home (the benchmark's home has one load a slice)."""
    return sorted(glob.glob(str(home / "landing" / source / "*" / "*" / "*" / "rows.parquet")))
