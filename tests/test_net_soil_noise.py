"""Seeds of soil and noise that must be whole: pH ranges without gap or overlap, and no official figure that nobody has seen."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from district.plan import make_district
from extract.home import REPO

SEEDS = REPO / "dbt_project" / "seeds" / "networks"


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_every_ph_has_one_limit() -> None:
    """Ranges of an item join at 5.5, 6.5 and 7.5; an item without ranges has one row."""
    ranges = defaultdict(list)
    for r in _rows("soil/soil_limit.csv"):
        ranges[r["standard_no"], r["factor_code"], r["limit_kind"], r["land_group"]].append(
            (r["ph_above"], r["ph_to"])
        )
    divided = {k: sorted(v) for k, v in ranges.items() if len(v) > 1}
    # table 1: six items by two land groups, nickel and zinc by none; table 3: five items
    assert len(divided) == 14 + 5 and all(k[0] == "GB 15618-2018" for k in divided)
    assert all(
        v == sorted([("", "5.5"), ("5.5", "6.5"), ("6.5", "7.5"), ("7.5", "")]) for v in divided.values()
    )
    assert all(v == [("", "")] for k, v in ranges.items() if k not in divided)


def test_control_values_stand_above_screening_values() -> None:
    """For every land use and pH the control value is above the screening value; only what was seen is verified."""
    rows = [r for r in _rows("soil/soil_limit.csv") if r["limit_mg_kg"]]
    for r in (x for x in rows if x["limit_kind"] == "control"):
        below = [
            Decimal(x["limit_mg_kg"]) for x in rows
            if x["limit_kind"] == "screening" and x["standard_no"] == r["standard_no"] and x["factor_code"] == r["factor_code"]
            and (x["ph_above"], x["ph_to"]) == (r["ph_above"], r["ph_to"])
            and (x["standard_no"] == "GB 15618-2018" or x["land_group"] == r["land_group"])
        ]  # fmt: skip
        assert below and max(below) < Decimal(r["limit_mg_kg"]), r
    assert {r["status"] for r in rows if r["standard_no"] == "GB 15618-2018"} == {"unverified"}
    assert sum(r["status"] == "verified" for r in rows) == 28  # seven metals, two land classes, two values


def test_official_noise_parameters_are_blank_where_the_text_was_not_seen() -> None:
    """No row of HJ 906 has an official value; what the illustrative scheme uses instead says so."""
    rules = [r for r in _rows("noise/noise_rule.csv") if r["clause_id"] == "hj906_2017_6"]
    assert {r["scheme_mode"] for r in rules} == {"official", "illustrative"}
    assert all((r["value"] == "") == (r["scheme_mode"] == "official") for r in rules)
    assert all(r["status"] == "illustrative" for r in rules if r["scheme_mode"] == "illustrative")
    assert not any(r["status"] == "verified" for r in _rows("noise/noise_limit.csv"))


@pytest.mark.parametrize("days", [4, 20])
def test_short_spans_are_fed_without_planting(days: int) -> None:
    """A span too short for the plan still has stations, permits, samples and wells."""
    from district.networks import Base, groundwater, noise, soil

    first = date(2026, 6, 1)
    base = Base(make_district(5, first, date(2026, 6, days), 0.1), None, None, [])  # type: ignore[arg-type]
    sound, ground, water = noise.make(base), soil.make(base), groundwater.make(base)
    assert len(list(sound.platform["noise_hourly"])) == days and sound.database["construction_night_permit"]
    assert not sound.orders and "noise_exceedance" not in sound.truth
    assert ground.files and ground.registers["soil_parcel"] and water.registers["groundwater_sample"]
    assert {p["medium"] for f in (sound, ground, water) for p in f.points} == {"noise", "soil", "groundwater"}
