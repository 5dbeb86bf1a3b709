"""The hourly air as the platform's answers: one JSON document per day, written in bulk.

Invariant: bytes depend on the values alone; records stand in order (dataTime, stationCode), as docs/platform-api.md
says. One `%` per day on a prepared template is what makes a district-year of 24 million values a matter of a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from district.vectors import FACTORS

_RECORD = (
    '{"stationCode":"%s","dataTime":"%%s","auditState":"%%s",'
    + ",".join(f'"{f}":%%s,"{f}_flag":"%%s"' for f in FACTORS)
    + "}"
)


class DayPages:
    """Writes days of one set of stations."""

    def __init__(self, stations: Sequence[str]) -> None:
        self.stations = list(stations)
        self.order = sorted(range(len(stations)), key=lambda i: stations[i])
        records = ",".join(_RECORD % self.stations[i] for i in self.order)
        total = 24 * len(stations)
        self.template = (
            f'{{"code":0,"message":"ok","data":{{"total":{total},"page":1,"pageSize":{total},"list":['
            + ",\n".join([records] * 24)
            + "]}}\n"
        )

    def render(
        self, day: datetime, values: Mapping[str, np.ndarray], flags: Mapping[str, np.ndarray], state: str
    ) -> bytes:
        """One day: arrays [24, points] of values (NaN = null; CO two decimals, others integers) and flags."""
        n = len(self.stations)
        width = 2 + 2 * len(FACTORS)
        cells = np.empty((24, n, width), dtype=object)
        for hour in range(24):
            cells[hour, :, 0] = (day + timedelta(hours=hour + 1)).strftime("%Y-%m-%d %H:%M:%S")
        cells[:, :, 1] = state
        for k, f in enumerate(FACTORS):
            v = values[f][:, self.order]
            whole = np.nan_to_num(v, nan=0.0)
            if f == "CO":
                out = np.round(whole, 2).astype(object)
            else:
                out = whole.astype(np.int64).astype(object)
            out[np.isnan(v)] = "null"
            cells[:, :, 2 + 2 * k] = out
            cells[:, :, 3 + 2 * k] = flags[f][:, self.order]
        return (self.template % tuple(cells.ravel().tolist())).encode()
