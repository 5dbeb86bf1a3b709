"""Monitoring networks of the synthetic district, one module each, found by themselves: no list of them is kept.

A module has `make(base) -> Feed` (what the network sends, and the truth planted in it) and, where it plants something,
`KINDS` (how each planted kind is looked for in a release; see district/truth.py). Invariant: a feed is a pure function of the
base; it draws only from random streams named after its module (`stream(d.seed, "<module> …")`), so that a new network moves
no byte of another. What never belongs here: providers and formats that are no monitoring network.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING

from district.plan import District, Row

if TYPE_CHECKING:
    from district.air import AirSeries
    from district.stack import OutletSeries
    from district.water import Water


@dataclass(frozen=True)
class Base:
    """What stands before any network: the plan, the air stations' series, the automatic sections' series, the outlets'."""

    d: District
    air: AirSeries
    water: Water
    outlets: list[OutletSeries]


@dataclass(frozen=True)
class Order:
    """A complaint that a network plants. ref: name by which truth rows (`case_ref`) and database rows refer to it; the town is
    an index in names.TOWNS; `about` must be an object that nothing else complains of (a repeat would be planted by chance)."""

    ref: str
    at: datetime
    town: int
    about: str
    category: str


@dataclass
class Feed:
    """What one network gives to the district.

    points, links: rows of point_register and point_link; database: table → rows, in the district's PostgreSQL; registers: source →
    rows, as one workbook per year of `period`, `sampled_at` or `register_year`; platform: data set → (day, records): served as
    `/api/data/<data set>`, records carry `dataTime` (`YYYY-MM-DD HH:MM:SS`; an interval's END, so 00:00 of the next day is
    the last of a day); files: path below the drop folder → bytes; orders: complaints; truth: kind → rows;
    identifiers: planted personal data ({kind, identifier}) that no release may hold.
    """

    points: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    database: dict[str, list[Row]] = field(default_factory=dict)
    registers: dict[str, list[Row]] = field(default_factory=dict)
    platform: dict[str, Iterable[tuple[str, list[Row]]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    truth: dict[str, list[Row]] = field(default_factory=dict)
    identifiers: list[Row] = field(default_factory=list)


def networks() -> list[ModuleType]:
    """Every network's module, in order of name; a module whose name begins with an underscore is a helper of others."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return [importlib.import_module(f"{__name__}.{n}") for n in names]


def point(d: District, code: str, name: str, medium: str, town: int, role: str, **more: object) -> Row:
    """A row of point_register with the columns that every network fills; the name must say 合成. The place is drawn
    from the point's own stream, near the town's centre."""
    from district.names import TOWNS, stream

    t = TOWNS[town]
    rng = stream(d.seed, f"point {medium} {code}")
    row: Row = {
        "point_code": code, "name_zh": name, "medium": medium, "town_code": t.code,
        "longitude": round(t.lon + float(rng.normal(0, 0.008)), 6),
        "latitude": round(t.lat + float(rng.normal(0, 0.008)), 6),
        "role": role, "water_body_type": None, "water_body_name": None, "target_class": None, "zone_code": None,
        "park_code": None, "section_name": None, "is_shared": False, "valid_from": start_of(d), "valid_to": None,
    }  # fmt: skip
    unknown = set(more) - set(row)
    if unknown:
        raise KeyError(f"point_register has no {', '.join(sorted(unknown))}")
    return {**row, **more}


def start_of(d: District) -> object:
    """The day from which registers of the district say that something stands (well before the span)."""
    from datetime import date

    return min(date(2020, 1, 1), d.first)
