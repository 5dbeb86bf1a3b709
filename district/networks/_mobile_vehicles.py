"""Vehicles of the synthetic district: heavy trucks with and without terminals, old trucks, cars.

Invariant: plates begin with 合 (no province has it) and VINs with XNHC, so that neither can be a real one; both are
planted as identifiers, and no release may hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from district.names import TOWNS
from district.plan import District, Row


@dataclass(frozen=True)
class Vehicle:
    number: int
    vehicle_class: str
    fuel: str
    stage: str  # as the register writes it
    town: int
    installed: date | None

    @property
    def vin(self) -> str:
        return f"XNHC{self.number:013d}"

    @property
    def plate(self) -> str:
        return f"合D{self.number:05d}"


def _some(d: District, base: int, least: int, per_scale: int) -> range:
    return range(base, base + max(least, round(per_scale * d.scale)))


def trucks(d: District) -> list[Vehicle]:
    """Heavy trucks of stage six with a terminal, in order of number."""
    day = d.first - timedelta(days=400)
    return [
        Vehicle(n, "heavy_diesel_truck", "diesel", "国六", n % len(TOWNS), day)
        for n in _some(d, 10001, 8, 14)
    ]


def without_terminal(d: District) -> list[Vehicle]:
    """Heavy trucks that should have a terminal and have none."""
    return [
        Vehicle(n, "heavy_diesel_truck", "diesel", "国五", n % len(TOWNS), None)
        for n in (20001, 20002, 20003)
    ]


def old_trucks(d: District) -> list[Vehicle]:
    """Trucks of stages three and four in turn; the register spells the stage as people do."""
    return [
        Vehicle(n, "heavy_diesel_truck", "diesel", ("国三", "国Ⅳ")[n % 2], n % len(TOWNS), None)
        for n in _some(d, 30000, 6, 10)
    ]


def cars(d: District) -> list[Vehicle]:
    """Passenger cars, which pass the remote-sensing points."""
    return [
        Vehicle(n, "passenger_car", "gasoline", "国5", n % len(TOWNS), None) for n in _some(d, 40000, 12, 30)
    ]


def fleet(d: District) -> list[Vehicle]:
    return [*trucks(d), *without_terminal(d), *old_trucks(d), *cars(d)]


def register_rows(d: District) -> list[Row]:
    """Rows of mobile_vehicle_register."""
    start = min(date(2020, 1, 1), d.first - timedelta(days=500))
    return [
        {
            "vin": v.vin, "plate": v.plate, "plate_colour": "蓝" if v.vehicle_class == "passenger_car" else "黄",
            "vehicle_class": v.vehicle_class, "fuel": v.fuel, "emission_stage": v.stage,
            "reference_torque_n_m": 2100.0 if v.vehicle_class == "heavy_diesel_truck" else None,
            "registered_date": start, "obd_installed_date": v.installed, "town_code": TOWNS[v.town].code,
            "valid_from": start, "valid_to": None,
        }
        for v in fleet(d)
    ]  # fmt: skip


def identifiers(d: District) -> list[Row]:
    """Plates and VINs that no release may hold."""
    return [{"kind": k, "identifier": x} for v in fleet(d) for k, x in (("plate", v.plate), ("vin", v.vin))]
