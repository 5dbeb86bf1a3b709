"""Places on the sphere of macros/engine/geo.sql, for feeds that plant something upwind of something."""

from __future__ import annotations

import math

from district.plan import Row

DEGREE_M = math.pi * 6_371_000 / 180


def offset(lon: float, lat: float, bearing: float, metres: float) -> tuple[float, float]:
    """The place `metres` from (lon, lat) in the direction `bearing`; good to a metre within some kilometres."""
    angle = math.radians(bearing)
    north, east = metres * math.cos(angle), metres * math.sin(angle)
    return round(lon + east / (DEGREE_M * math.cos(math.radians(lat))), 6), round(lat + north / DEGREE_M, 6)


def towards(lon: float, lat: float, row: Row) -> tuple[float, float]:
    """(distance in metres, bearing in degrees) from a place to a row with longitude and latitude."""
    north = (float(row["latitude"]) - lat) * DEGREE_M
    east = (float(row["longitude"]) - lon) * DEGREE_M * math.cos(math.radians(lat))
    return math.hypot(north, east), math.degrees(math.atan2(east, north)) % 360


def downwind_place(
    sites: list[Row], site: Row, metres: float, first_bearing: float
) -> tuple[float, float, float]:
    """(lon, lat, direction the wind comes from) of a place `metres` downwind of `site`, chosen so that no other site lies in
    the half circle upwind and nearer than one and a half times that distance, where there is such a direction."""
    best: tuple[int, float, float, float] | None = None
    for k in range(24):
        wind = (first_bearing + 15 * k) % 360
        lon, lat = offset(float(site["longitude"]), float(site["latitude"]), wind + 180, metres)
        rivals = 0
        for other in sites:
            if other["site_code"] != site["site_code"]:
                distance, bearing = towards(lon, lat, other)
                rivals += distance < 1.5 * metres and abs((bearing - wind + 180) % 360 - 180) < 90
        if best is None or rivals < best[0]:
            best = (rivals, lon, lat, wind)
    assert best is not None
    return best[1], best[2], best[3]
