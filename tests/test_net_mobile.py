"""Mobile sources and dust: what the open models may hold, what the door turns away, and what the feeds keep clear of."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from district.networks import Base, Feed, mobile, mobile_dust, mobile_ledger, mobile_obd
from district.plan import make_district
from district.water import Water
from extract.door import Door
from extract.home import REPO
from extract.readers.base import Payload, Slice, get_reader
from extract.source import get_source

PERSONAL = {"vin", "plate", "contact_name", "contact_phone"}
SOURCES = ("mobile_vehicle_register", "obd_second", "remote_sensing", "vehicle_inspection", "road_stop", "gate_access",
           "dust_site_register")  # fmt: skip


def feeds(first: date, last: date, seed: int = 11) -> dict[str, Feed]:
    d = make_district(seed, first, last, 0.1)
    base = Base(d, None, Water([], {}), [])  # type: ignore[arg-type]
    return {
        m.__name__.rpartition(".")[2]: m.make(base) for m in (mobile, mobile_obd, mobile_dust, mobile_ledger)
    }


def networks_models() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted((REPO / "dbt_project" / "models").rglob("*.yml")):
        if path.parent.name in ("mobile", "dust", "ledger") or path.stem in ("_mobile", "ind_mobile"):
            for m in (yaml.safe_load(path.read_text("utf-8")) or {}).get("models", []):
                found[m["name"]] = m
    return found


def test_open_models_hold_no_plate_no_vin_no_person() -> None:
    """Only the two restricted tables have columns of persons, and they say so."""
    bearing = {n: {c["name"] for c in m["columns"]} & PERSONAL for n, m in networks_models().items()}
    assert {n for n, c in bearing.items() if c} == {"dim_mobile_vehicle_identity", "dim_dust_site_contact"}
    for name in ("dim_mobile_vehicle_identity", "dim_dust_site_contact"):
        path = next((REPO / "dbt_project" / "models").rglob(f"{name}.sql"))
        assert "database='restricted'" in path.read_text("utf-8")
        for c in networks_models()[name]["columns"]:
            assert (c["name"] in PERSONAL) == (
                c.get("config", {}).get("meta", {}).get("privacy") == "personal"
            )


@pytest.mark.parametrize("name", SOURCES)
def test_sources_declare_personal_columns(name: str) -> None:
    source = get_source(name)
    named = {c.name for c in source.columns} & PERSONAL
    assert named
    assert {c.name for c in source.columns if c.privacy == "personal"} == named


def test_vehicle_name_needs_the_key() -> None:
    """Another key gives another name; the bare hash of the VIN gives none of them."""
    vin = "XNHC0000000010001"
    names = set()
    with duckdb.connect() as con:
        for key in ("one", "two"):
            con.execute(f"set variable jianhu_hash_key = '{key}'")
            row = con.execute(
                f"select 'veh:' || substr(sha256(getvariable('jianhu_hash_key') || ':' || '{vin}'), 1, 16)"
            ).fetchone()
            assert row is not None
            names.add(row[0])
    assert len(names) == 2
    assert "veh:" + hashlib.sha256(vin.encode()).hexdigest()[:16] not in names


def test_nothing_fails_in_four_days() -> None:
    for name, feed in feeds(date(2026, 2, 2), date(2026, 2, 5)).items():
        planted = {
            k: v for k, v in feed.truth.items() if v and k not in ("below_detection", "emission_ledger_total")
        }
        assert not planted, (name, planted)


@pytest.mark.parametrize("seed", [11, 3, 77])
def test_every_kind_is_planted_in_45_days(seed: int) -> None:
    for m, feed in zip((mobile, mobile_obd, mobile_dust, mobile_ledger),
                       feeds(date(2026, 5, 4), date(2026, 6, 17), seed).values(), strict=True):  # fmt: skip
        for kind in m.KINDS:
            assert feed.truth.get(kind), (m.__name__, kind)


def test_plates_and_vins_are_impossible_and_planted() -> None:
    made = feeds(date(2026, 2, 2), date(2026, 3, 20))
    planted = {r["identifier"] for f in made.values() for r in f.identifiers}
    register = made["mobile"].database["mobile_vehicle_register"]
    assert all(r["plate"].startswith("合") and r["vin"].startswith("XNHC") for r in register)
    assert {r[c] for r in register for c in ("plate", "vin")} <= planted
    gates = {r["plateNo"] for _, rows in made["mobile"].platform["gate_access"] for r in rows}
    assert gates <= planted
    assert {r["contact_phone"] for r in made["mobile_dust"].registers["dust_site_register"]} <= planted


def test_vehicles_of_trips_share_no_start() -> None:
    """Truth names a trip by its first second."""
    d = make_district(11, date(2026, 2, 2), date(2026, 6, 30), 1.0)
    starts = [t for n, _ in enumerate(mobile_obd.trucks(d)) for t in mobile_obd._trip_starts(d, n)]
    assert len(starts) == len(set(starts))


def _rejected(source_name: str, path: Path) -> tuple[int, list[dict[str, Any]]]:
    from datetime import datetime

    source = get_source(source_name)
    payload = Payload(
        Slice(source_name, "", date(2026, 2, 3), date(2026, 2, 4)), path.name, path, datetime(2026, 2, 4)
    )
    parsed = get_reader(source.reader).parse(source, payload)
    verdict = Door(source).check([parsed])[0]
    return verdict.rows.num_rows, verdict.rejected.to_pylist()


def test_door_turns_away_what_is_no_second(tmp_path: Path) -> None:
    """A bad VIN, an unknown fix state, a second sent twice; a value marked 无效 is blank and stays."""
    line = "XNHC0000000010001,2026-02-03 08:00:{s:02d},45,101,50,9,1450,19,{up},40,70,560,280,270,2,86,55,{fix},120.4,30.1,120000,600"
    rows = [
        line.format(s=0, up=640, fix="有效"), line.format(s=1, up="无效", fix="无效"), line.format(s=0, up=641, fix="有效"),
        line.format(s=2, up=640, fix="漂移"), line.format(s=3, up=640, fix="有效").replace("XNHC", "IOQ0"),
    ]  # fmt: skip
    path = tmp_path / "obd_2026-02-03.csv"
    path.write_text("\n".join([",".join(mobile_obd.HEADERS), *rows, ""]), "utf-8")
    loaded, rejected = _rejected("obd_second", path)
    assert loaded == 2
    assert sorted(r["check_id"] for r in rejected) == ["duplicate_key", "position_state_known", "vin_form"]
    assert all(r["reason_zh"] and r["reason_en"] for r in rejected)
    bad = next(r for r in rejected if r["check_id"] == "vin_form")
    assert "IOQ0" not in bad["reason_zh"] + bad["reason_en"], "a reason repeats no VIN"


def test_platform_days_are_json() -> None:
    """Records are plain values, as an interface sends them."""
    for feed in feeds(date(2026, 2, 2), date(2026, 2, 12)).values():
        for days in feed.platform.values():
            for _, rows in days:
                json.dumps(rows)
