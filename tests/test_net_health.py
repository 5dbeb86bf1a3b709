"""Network health, removals and emergency monitoring: what neither a dbt unit test nor planted truth shows."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from tiny import Tiny

from district.networks import Base, emergency, health
from district.plan import make_district
from extract.home import REPO
from warehouse import connect as reading
from warehouse.systems import catalogue

SEEDS = REPO / "dbt_project" / "seeds"


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / "networks" / "health" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_monitoring_system_of_the_plan_is_an_element() -> None:
    """Elements are the systems of 4.9.2 that monitor something; the others use what these bring."""
    others = {"S117", "S141", "S144", "S148", "S153", "S154"}
    named = {r["system_id"] for r in rows("monitoring_element")}
    owed = {
        r["system_id"] for r in catalogue() if r["section"] == "4.9.2" and r["system_id"] >= "S122"
    } - others
    assert owed <= named


def test_an_element_without_limits_is_not_evaluated(shared: Path) -> None:
    with (shared / "facts" / "standards_needed.csv").open(encoding="utf-8") as file:
        blank = {r["standard"] for r in csv.DictReader(file) if not r["limits"]}
    told = {r["standard_no"]: r["limit_state_zh"] for r in rows("monitoring_element") if r["standard_no"]}
    assert "GB 5749-2022" in blank & set(told)
    assert {told[s] for s in blank & set(told)} == {"未评价（缺标准）"}


def test_every_element_of_the_plan_stands_in_the_inventory(tiny_release: Tiny) -> None:
    """With count, capture and last value where there are points; as a gap where there are none."""
    with reading.connect(tiny_release.home) as con:
        told = con.execute(
            "select element_code, area_code, area_type, point_count, expected_count, capture_pct, last_observed_at, last_value, "
            "last_value_zh, is_gap, gap_zh from rpt_network_inventory"
        ).fetchall()
        points = con.execute(
            "select count(distinct point_id) from dim_point where medium = 'emergency'"
        ).fetchone()
    elements = {r["element_code"] for r in rows("monitoring_element")}
    assert {(r[0], r[1]) for r in told} == {(e, a) for e in elements for a in {r[1] for r in told}}
    assert len({r[1] for r in told}) == 17
    district = {r[0]: r for r in told if r[2] == "district"}
    for code, row in district.items():
        assert row[9] == (row[3] == 0), code
        assert row[10] or row[5] is not None, code
        if row[4]:
            assert row[5] is not None and (row[5] == 0 or (row[6] and (row[7] is not None or row[8]))), code
    assert points and district["emergency"][3] == points[0]
    for code in ("air_urban", "air_o3", "emergency", "satellite", "stack"):
        assert district[code][3] > 0 and district[code][5] > 0 and district[code][7] is not None, code
    # a township without its own station is a gap where the plan wants one in each
    gaps = {r[1] for r in told if r[0] == "air_township" and r[2] == "town" and r[9]}
    assert len(gaps) == 16 - district["air_township"][3]


def test_nothing_but_marks_left_a_hole(tiny_release: Tiny) -> None:
    """Every human mark of the release is an entry with person, post, time, reason and evidence."""
    with reading.connect(tiny_release.home) as con:
        lacking = con.execute(
            "select count(*) from rpt_reading_removal where person_hash is null or post_zh is null or flagged_at is null "
            "or reason_zh is null or evidence is null"
        ).fetchone()
        unlisted = con.execute(
            "select count(*) from fct_reading r where flag_human is not null and not exists (select 1 from rpt_reading_removal m "
            "where m.point_id = r.point_id and m.factor_code = r.factor_code and m.observed_at = r.observed_at)"
        ).fetchone()
        counted = con.execute(
            "select sum(reading_count) from rpt_reading_void where flag_kind = 'human'"
        ).fetchone()
        marked = con.execute(
            "select count(*) from fct_reading where flag_human is not null and (value is not null or qualifier is not null)"
        ).fetchone()
    assert lacking == unlisted == (0,) and counted == marked and marked != (0,)


@pytest.mark.parametrize("module", [health, emergency])
@pytest.mark.parametrize("seed", [2, 3])
def test_every_kind_is_planted_and_nothing_in_four_days(module, seed: int) -> None:
    def make(first: date, last: date):
        d = make_district(seed, first, last, 0.1)
        return module.make(Base(d, None, None, []))  # type: ignore[arg-type]

    long = make(date(2026, 1, 5), date(2026, 2, 18))
    assert {k for k in module.KINDS if not long.truth.get(k)} == set()
    short = make(date(2026, 1, 5), date(2026, 1, 8))
    assert module is emergency or not short.truth
    again = make(date(2026, 1, 5), date(2026, 2, 18))
    assert again.truth == long.truth and again.files == long.files
