"""Industrial parks of the synthetic district, shared by the networks that watch them; their names say 合成 and 演示."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from district.names import TOWNS
from district.plan import District, Row


@dataclass(frozen=True)
class Park:
    code: str
    name: str
    town: int
    area_ha: float


PARKS = (
    Park("SYNP1", "合成滨海印染园（演示）", 10, 812.5),
    Park("SYNP2", "合成钱清轻纺园（演示）", 8, 236.0),
)


def park_rows(d: District) -> list[Row]:
    """Rows of park_register for every year of the span."""
    years = sorted({d.first.year, d.last.year})
    return [
        {"park_code": p.code, "name_zh": p.name, "town_name": TOWNS[p.town].name, "area_ha": p.area_ha, "period": str(y)}
        for y in years for p in PARKS
    ]  # fmt: skip


def hourly_pages(
    d: District, codes: list[str], told: Callable[[str, int], Row]
) -> Iterator[tuple[str, list[Row]]]:
    """Pages of the platform, a day each: told(code, hour) gives the figures of one point and hour."""
    for day in range(d.days):
        records: list[Row] = []
        for h in range(day * 24, day * 24 + 24):
            at = d.begin + timedelta(hours=h + 1)
            head = {"dataTime": f"{at:%Y-%m-%d %H:%M:%S}", "auditState": "preliminary"}
            records += [{"pointCode": c, **head, **figures} for c in codes if (figures := told(c, h))]
        yield f"{d.first + timedelta(days=day)}", records
