"""What the hourly stations of the special air networks share: records of their platform, days of intensive monitoring, rounding.

Invariant: a value in truth is made from the text that was sent (`Decimal`), by rules stated here a second time, never from a
float of the generator.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from district.plan import District, Row
from extract.seeds import PROJECT_DIR

SEEDS = PROJECT_DIR / "seeds" / "networks" / "air_special"
SOURCE = "air_special_hourly"
INTENSIVE = (5, 6, 7, 8)  # days of each month on which the costly instruments run
MICRO = Decimal("0.000001")


def seed(name: str) -> list[dict[str, str]]:
    """Rows of a seed of this network: the district's stations measure what the seeds say they should."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8") as f:
        return list(csv.DictReader(f))


def days_of(d: District, of_month: Iterable[int]) -> list[int]:
    """Numbers of the span's days that fall on the given days of a month."""
    wanted = set(of_month)
    return [k for k in range(d.days) if (d.first + timedelta(days=k)).day in wanted]


def hour_end(d: District, day: int, hour: int) -> datetime:
    """The end of an hour of a day of the span; hour 24 ends at the next midnight."""
    return d.begin + timedelta(days=day, hours=hour)


def record(
    kind: str, code: str, at: datetime, item: str, unit: str, value: Any, *, height: int = 0, flag: str = "N"
) -> Row:
    """One record as the platform sends it."""
    return {
        "stationKind": kind, "stationCode": code, "height": height, "dataTime": f"{at:%Y-%m-%d %H:%M:%S}", "itemName": item,
        "unit": unit, "value": value, "flag": flag, "auditState": "reviewed",
    }  # fmt: skip


def micro(value: Decimal) -> Decimal:
    """A value as the warehouse keeps it: six decimals, half away from zero."""
    return value.quantize(MICRO, ROUND_HALF_UP)


class Days:
    """Records of one platform data set by day; an interval that ends at midnight belongs to the day before."""

    def __init__(self, d: District) -> None:
        self.d = d
        self.records: dict[int, list[Row]] = {}

    def add(self, day: int, *rows: Row) -> None:
        self.records.setdefault(day, []).extend(rows)

    def pages(self) -> list[tuple[str, list[Row]]]:
        return [
            (f"{self.d.first + timedelta(days=day):%Y-%m-%d}", rows)
            for day, rows in sorted(self.records.items())
        ]
