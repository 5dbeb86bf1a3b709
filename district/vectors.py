"""Planted air days: constant concentrations and the AQI that each regime's table gives them.

Worked by hand from HJ 633-2012 table 1 and HJ 633-2026 table 3 (`iaqi_breakpoints` of the facts), so that the
warehouse's own seeds are not what it is judged by. A day sways by one unit from hour to hour around its figure: the
daily mean and every 8-hour mean equal the planted figure exactly, so no rule of rounding or validity can move it.
"""

from __future__ import annotations

from dataclasses import dataclass

FACTORS = ("SO2", "NO2", "CO", "O3", "PM10", "PM2_5")


@dataclass(frozen=True)
class AirDay:
    """Concentrations (µg/m³, CO mg/m³) in the order of FACTORS, AQI and primary pollutant under both regimes."""

    values: tuple[float, float, float, float, float, float]
    aqi_2012: int
    aqi_2026: int
    primary: str | None

    @staticmethod
    def level(aqi: int) -> int:
        """Level 1 (优) to 6 (严重污染) of an AQI; both regimes share the edges 50, 100, 150, 200, 300."""
        return 1 + sum(aqi > edge for edge in (50, 100, 150, 200, 300))


# 2012: PM2.5 66 → 50 + 50·31/40 = 88.75 → 89; 2026 (60 is the edge): 100 + 50·6/55 = 105.45 → 106
STEADY: tuple[AirDay, ...] = (
    AirDay(
        (6, 20, 0.6, 60, 40, 21), 40, 40, None
    ),  # PM10 40 → 40; PM2.5 21 → 30; O3 8 h 60 → 30; 1 h 61 → 20
    AirDay((8, 30, 0.8, 130, 45, 25), 75, 75, "O3"),  # O3 8 h 130 → 50 + 50·30/60 = 75
    AirDay((8, 30, 0.8, 171, 45, 25), 110, 110, "O3"),  # O3 8 h 171 → 100 + 50·11/55 = 110; 1 h 172 → 65
    AirDay((9, 44, 0.9, 60, 49, 30), 55, 55, "NO2"),  # NO2 24 h 44 → 50 + 50·4/40 = 55
    AirDay((9, 35, 1.0, 40, 155, 89), 118, 127, "PM2_5"),  # PM2.5 89: 117.5 → 118; 126.36 → 127
    AirDay((10, 38, 1.1, 40, 160, 123), 162, 162, "PM2_5"),  # PM2.5 123 → 150 + 50·8/35 = 161.43 → 162
)

CHANGED: tuple[AirDay, ...] = (
    AirDay((8, 30, 0.8, 50, 85, 66), 89, 106, "PM2_5"),
    AirDay(
        (8, 30, 0.8, 50, 95, 72), 97, 111, "PM2_5"
    ),  # 50 + 50·37/40 = 96.25 → 97; 100 + 50·12/55 = 110.9 → 111
    AirDay((8, 30, 0.8, 50, 130, 40), 90, 104, "PM10"),  # 50 + 50·80/100 = 90; 100 + 50·10/130 = 103.85 → 104
    AirDay(
        (8, 30, 0.8, 50, 145, 42), 98, 110, "PM10"
    ),  # 50 + 50·95/100 = 97.5 → 98; 100 + 50·25/130 = 109.6 → 110
)
