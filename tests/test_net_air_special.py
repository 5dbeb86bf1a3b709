"""What neither a dbt unit test nor planted truth shows of the special air networks: geometry, rule sets, versions of lists, the door."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from district.networks import Base, _air_special, air_odor, air_special, voc_route
from district.networks._geo import downwind_place, offset, towards
from district.plan import District, make_district
from extract.door import Door
from extract.home import REPO
from extract.readers.base import Payload, Slice
from extract.readers.http_json import HttpJsonReader
from extract.source import get_source

SEEDS = REPO / "dbt_project" / "seeds" / "networks" / "air_special"
GEO = REPO / "dbt_project" / "macros" / "engine" / "geo.sql"


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8") as f:
        return list(csv.DictReader(f))


def _macro(name: str, *args: object) -> Any:
    """The value of a geometry macro in DuckDB."""
    import jinja2

    text = GEO.read_text("utf-8").replace("jianhu.", "")
    call = f"{{{{ {name}({', '.join(repr(str(a)) for a in args)}) }}}}"
    sql = jinja2.Environment().from_string(text + call).render()
    row = duckdb.connect().execute(f"select {sql}").fetchone()
    assert row is not None
    return row[0]


def test_distance_and_bearing_of_a_published_example() -> None:
    """50°03′59″N 5°42′53″W to 58°38′38″N 3°04′12″W: 968.9 km, initial bearing 009°07′11″ (movable-type.co.uk, R = 6371 km)."""
    there = (
        -(5 + 42 / 60 + 53 / 3600),
        50 + 3 / 60 + 59 / 3600,
        -(3 + 4 / 60 + 12 / 3600),
        58 + 38 / 60 + 38 / 3600,
    )
    assert float(_macro("distance_m", *there)) == pytest.approx(968_900, abs=50)
    assert float(_macro("bearing_deg", *there)) == pytest.approx(9 + 7 / 60 + 11 / 3600, abs=0.001)


@pytest.mark.parametrize(
    ("to", "bearing"), [((0, 1), 0), ((1, 0), 90), ((0, -1), 180), ((-1, 0), 270)], ids=["N", "E", "S", "W"]
)
def test_one_degree_from_the_origin(to: tuple[int, int], bearing: int) -> None:
    """A degree of a great circle of 6371 km is 2 π 6371 / 360 = 111.194927 km."""
    assert float(_macro("distance_m", 0, 0, *to)) == pytest.approx(111_194.927, abs=0.001)
    assert float(_macro("bearing_deg", 0, 0, *to)) == bearing


def test_angles_run_over_north() -> None:
    assert float(_macro("angle_between_deg", 350, 10)) == 20
    assert float(_macro("angle_between_deg", 10, 350)) == 20
    assert float(_macro("angle_between_deg", 0, 180)) == 180
    assert float(_macro("wind_from_deg", _macro("wind_east", 3, 225), _macro("wind_north", 3, 225))) == 225
    assert _macro("wind_from_deg", 0, 0) is None


def test_feeds_place_things_where_the_macros_find_them() -> None:
    lon, lat = offset(120.5, 30.0, 70, 800)
    assert float(_macro("distance_m", 120.5, 30.0, lon, lat)) == pytest.approx(800, abs=1)
    assert float(_macro("bearing_deg", 120.5, 30.0, lon, lat)) == pytest.approx(70, abs=0.1)
    site = {"site_code": "a", "longitude": 120.5, "latitude": 30.0}
    rival = {"site_code": "b", "longitude": 120.503, "latitude": 30.0}
    lon, lat, wind = downwind_place([site, rival], site, 300, 0)
    distance, bearing = towards(lon, lat, site)
    assert distance == pytest.approx(300, abs=1) and abs((bearing - wind + 180) % 360 - 180) < 1


def test_every_interval_of_rules_holds_the_whole_set() -> None:
    """The macro air_special_rules takes one row per interval of validity: a rule that changes alone would leave the others null."""
    sets: dict[tuple[str, str], set[str]] = defaultdict(set)
    for r in _rows("air_special_rule"):
        sets[r["valid_from"], r["valid_to"]].add(r["rule"])
    assert len({frozenset(s) for s in sets.values()}) == 1


def test_no_mir_is_guessed() -> None:
    mir = {r["factor_code"]: r for r in _rows("voc_mir")}
    assert mir["VOC_TOLUENE"]["mir_g_g"] == "4.00" and mir["VOC_ISOPRENE"]["mir_g_g"] == "10.61"
    blank = [r for r in mir.values() if not r["mir_g_g"]]
    assert blank and all("未查到" in r["source_note"] for r in blank)
    assert all(r["status"] == "unverified" for r in mir.values())
    assert {r["factor_code"] for r in _rows("voc_list")} <= set(mir)


def test_list_versions_neither_overlap_nor_leave_a_gap() -> None:
    spans: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for r in _rows("voc_list"):
        spans[r["role"], r["list_version"]].add((r["valid_from"], r["valid_to"]))
    by_role: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for (role, _), told in spans.items():
        assert len(told) == 1, "a version of a list is in force as a whole"
        by_role[role] += told
    for told in by_role.values():
        told.sort()
        assert told[0][0] == "" and told[-1][1] == ""
        assert [a[1] for a in told[:-1]] == [b[0] for b in told[1:]]


def test_ppb_multipliers_follow_from_molecular_weights() -> None:
    """µg/m³ per ppb at 25 °C and 101.325 kPa is M / 24.4654 L/mol."""
    weight = {r["factor_code"]: float(r["molecular_weight"]) for r in _rows("voc_species")}
    told = [r for r in _rows("reading_item__air_special") if r["unit_as_sent"] == "ppb"]
    assert told
    for r in told:
        assert float(r["multiplier"]) == pytest.approx(weight[r["factor_code"]] / 24.4654, rel=1e-5)


@pytest.fixture(scope="module")
def district() -> District:
    return make_district(5, date(2026, 2, 2), date(2026, 3, 20), 0.1)


def _base(d: District) -> Base:
    return Base(d, None, None, [])  # type: ignore[arg-type]  # these feeds look at the plan only


def test_feeds_repeat_and_plant_every_kind(district: District) -> None:
    for module in (air_special, air_odor, voc_route):
        one, two = module.make(_base(district)), module.make(_base(district))
        assert one.truth == two.truth and one.files == two.files and one.platform == two.platform
        assert set(module.KINDS) <= set(one.truth)
        assert all("合成" in p["name_zh"] for p in one.points)


def test_any_span_of_45_days_holds_every_kind() -> None:
    for start in (date(2025, 1, 9), date(2025, 6, 16), date(2026, 2, 13)):
        d = make_district(3, start, date.fromordinal(start.toordinal() + 44), 0.1)
        for module in (air_special, air_odor, voc_route):
            told = module.make(_base(d)).truth
            assert set(module.KINDS) <= set(told), (start, set(module.KINDS) - set(told))


def test_a_span_of_four_days_fails_nowhere() -> None:
    d = make_district(3, date(2026, 1, 25), date(2026, 1, 28), 0.1)
    for module in (air_special, air_odor, voc_route):
        module.make(_base(d))


def test_district_year_stays_small() -> None:
    d = make_district(3, date(2024, 12, 1), date(2026, 3, 31), 1)
    feed = air_special.make(_base(d))
    records = sum(len(rows) for _, rows in feed.platform[_air_special.SOURCE])
    assert records < 400_000
    cells = sum(f.count(b"\n") * 7 for m in (air_odor, voc_route) for f in m.make(_base(d)).files.values())
    assert cells < 250_000


def test_door_rejects_what_cannot_be_a_reading_and_keeps_what_is_below_detection(tmp_path: Path) -> None:
    source = get_source("air_special_hourly")
    good = _air_special.record("air_voc", "S1", datetime(2026, 1, 1, 1), "甲苯", "ppb", "<0.02")
    bad = {
        "station_kind_known": {**good, "stationKind": "water"}, "item_known": {**good, "itemName": "甲笨"},
        "unit_known": {**good, "unit": "mg/L"}, "height_is_above_ground": {**good, "height": -5},
        "maturity_known": {**good, "auditState": "final"},
    }  # fmt: skip
    path = tmp_path / "2026-01-01.json"
    path.write_text(
        json.dumps({"code": 0, "data": {"total": 6, "list": [good, *bad.values()]}}, ensure_ascii=False),
        "utf-8",
    )
    slice_ = Slice(source.name, "", date(2026, 1, 1), date(2026, 1, 2))
    parsed = HttpJsonReader().parse(source, Payload(slice_, path.name, path, datetime(2026, 1, 2)))
    verdict = Door(source).check([parsed])[0]
    assert verdict.rejected["check_id"].to_pylist() == list(bad)
    row = verdict.rows.to_pylist()
    assert len(row) == 1 and (row[0]["value"], row[0]["value_qualifier"]) == (None, "<")
    assert str(row[0]["value_detection_limit"]) == "0.020000"
