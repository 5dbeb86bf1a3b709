"""Windows of a request: what a provider is asked, slice by slice.

Invariant: a window is always asked whole, because its load replaces the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from extract.readers.base import Request, Slice
from extract.readers.files import window_of
from extract.source import Source

ZONE = ZoneInfo("Asia/Shanghai")


def windows(source: Source, request: Request) -> Iterator[Slice]:
    """Slices that cover [since, until): whole windows, in order; one slice without a window where there is none.

    since defaults to the source's lateness before today, until to tomorrow.
    """
    unit = source.slice.window
    if unit == "none":
        yield Slice(source.name)
        return
    today = datetime.now(ZONE).date()
    at = request.since or today - timedelta(days=source.slice.lateness_days)
    until = request.until or today + timedelta(days=1)
    while at < until:
        start, end = window_containing(unit, at)
        yield Slice(source.name, "", start, end)
        at = end


def window_containing(unit: str, day: date) -> tuple[date, date]:
    """[start, end) of the day, month, quarter or year that holds the day."""
    names = {"y": str(day.year), "m": str(day.month), "d": str(day.day)}
    start, end = window_of(unit, names)
    assert start and end
    return start, end
