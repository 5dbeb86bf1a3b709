"""Air comparisons: a hand-made day of ozone through the house's own models, the feed of the township stations, seeds that must stay blank."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tiny import share_parse

from district.air import make_air
from district.networks import Base, air_township
from district.plan import make_district
from extract.home import REPO, Home
from extract.source import load_sources

SEEDS = REPO / "dbt_project" / "seeds"
DAY = date(2026, 3, 2)
# hours 1 to 24; the window of hours 9 to 16 is the highest: 1180 / 8 = 147.5
SERIES = [40] * 8 + [100, 120, 140, 160, 180, 180, 160, 140] + [60] * 8


def _without(*hours: int) -> list[int | None]:
    return [None if n in hours else v for n, v in enumerate(SERIES, 1)]


@pytest.fixture(scope="module")
def ozone(tmp_path_factory: pytest.TempPathFactory, together: Path) -> Path:
    """Four stations whose one day of ozone is `SERIES` with hours missing, through raw, staging, marks, hours and days."""
    from warehouse.dbt import run_dbt
    from warehouse.raw import LEDGER_COLUMNS, create_raw

    home = share_parse(Home(tmp_path_factory.mktemp("ozone") / "home").ensure(), together)
    duckdb.connect(str(home.work / "restricted.duckdb")).close()
    told = {
        "whole": SERIES,
        "two": _without(13, 14),
        "three": _without(13, 14, 15),
        "high": [None if v is None else v + 30 for v in _without(1, 2, 3, 4, 5, 6, 7, 8)],
    }
    sent: list[dict[str, Any]] = [
        {"station_code": code, "observed_at": datetime(DAY.year, DAY.month, DAY.day) + timedelta(hours=n), "maturity": "reviewed",
         "item": "O3", "value": value, "device_flag": "N", "_row_no": n, "_col": "O3", "_load_id": "test", "_seq": 1}
        for code, series in told.items() for n, value in enumerate(series, 1)
    ]  # fmt: skip
    with duckdb.connect(str(home.work / "build.duckdb")) as con:
        nothing = pa.table({n: pa.array([], pa.string()) for n, _ in LEDGER_COLUMNS})
        create_raw(con, load_sources(), nothing, home)
        con.register("sent", pa.Table.from_pylist(sent))
        con.execute("insert into raw.air_platform_hourly by name select * from sent")
    run_dbt(
        ["build", "--exclude-resource-type", "test", "unit_test", "--select", "+fct_air_ozone_day"],
        home,
        vars={"as_of": "2026-04-01 00:00:00", "scheme_mode": "illustrative"},
    )
    return home.work / "build.duckdb"


def test_hand_made_ozone_days_give_their_known_maximum(ozone: Path) -> None:
    """6 of 8 hours make a window, 14 windows a day; fewer count when the limit is exceeded anyway.

    two: hours 9-16 keep 6 values, 820 / 6; three: no window over the peak has 6, 11 windows are left, 100 is no day's value;
    high: eight hours missing leave 11 windows (14 to 24); the seven of hours 8-15, 1040 / 7 + 30 = 178.571429, exceed 160.
    """
    with duckdb.connect(str(ozone), read_only=True) as con:
        rows = con.execute(
            "select point_id, o3_max_8h_ug_m3, o3_window_count, window_end_hour_no, is_exceedance, reason_zh from fct_air_ozone_day"
        ).fetchall()
    found = {r[0].removeprefix("air:"): r[1:] for r in rows}
    assert found["whole"] == (Fraction(295, 2), 17, 16, False, None)
    assert float(found["two"][0]) == pytest.approx(820 / 6, abs=1e-6)
    assert found["two"][1:] == (17, 16, False, None)
    assert found["three"][0] is None and found["three"][1] == 11 and found["three"][3] is None
    assert found["three"][4] == "有效 8 小时窗口 11 个，少于 14 个且未超标"
    assert float(found["high"][0]) == pytest.approx(1040 / 7 + 30, abs=1e-6)
    assert found["high"][1:] == (11, 15, True, None)


def _feed(first: date, last: date, seed: int = 11) -> Any:
    d = make_district(seed, first, last, 0.1)
    return air_township.make(Base(d, make_air(d), None, []))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "first", [date(2026, 2, 2), date(2026, 1, 10), date(2028, 3, 5), date(2026, 7, 31), date(2025, 12, 1)]
)
def test_every_span_plants_every_kind(first: date) -> None:
    feed = _feed(first, first + timedelta(days=44))
    assert {k: bool(v) for k, v in feed.truth.items() if k in air_township.KINDS} == dict.fromkeys(
        air_township.KINDS, True
    )
    ranks = feed.truth["air_rank_tie"]
    for period in {r["period"] for r in ranks}:
        tied = sorted(r["rank_no"] for r in ranks if r["period"] == period and r["is_tied"])
        others = [r["rank_no"] for r in ranks if r["period"] == period and not r["is_tied"]]
        assert len(tied) == 2 and tied[0] == tied[1] and tied[0] + 1 not in others  # shared, the next skipped
    changes = feed.truth["air_year_on_year"]
    assert {c["difference"] is None for c in changes} == {True, False}
    shares = {
        (c["basis"], round(c["difference"], 6))
        for c in changes
        if c["indicator_code"] == "air_good_day_share_pct"
    }
    assert len({v for b, v in shares if not b.endswith("no_dust")}) == 2  # the rule changes the comparison
    assert all(p["valid_to"] <= first and "合成" in p["name_zh"] for p in feed.points)
    assert _feed(first, first + timedelta(days=44)) == feed


def test_a_short_span_is_served_too() -> None:
    assert _feed(date(2026, 3, 17), date(2026, 3, 20)).files


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8") as f:
        return list(csv.DictReader(f))


def test_official_targets_stay_blank_until_a_document_names_them() -> None:
    for row in _rows("networks/air/air_target.csv"):
        if row["scheme_mode"] == "official":
            assert (row["target_value"] == "") == (row["document_no"] == "")
        else:
            assert row["status"] == "illustrative" and row["document_no"] == ""


def test_published_half_year_figures_are_those_of_the_facts(shared: Path) -> None:
    with (shared / "facts" / "keqiao_facts.csv").open(encoding="utf-8") as f:
        facts = {r["fact"]: r["value"] for r in csv.DictReader(f)}
    held = {
        (r["area_code"], r["indicator_code"], r["period"]): r["value"]
        for r in _rows("policy/published_figure.csv")
    }
    half = "2021-01..2021-06"
    assert facts["月报 2021-01..06 柯桥"] == (
        f"综合指数{held['330603', 'air_composite_index', half]}; 优良率{held['330603', 'air_good_day_share_pct', half]}%; "
        f"PM2.5 {held['330603', 'air_pm25_mean_ug_m3', half]}"
    )
    assert f"达标127 ({held['330600', 'water_target_met_share_pct', half]}%)" in facts["月报 2021H1 全市断面"]
    assert f"Ⅰ-Ⅲ {held['330600', 'water_class_1_3_share_pct', half]}%" in facts["月报 2021H1 全市断面"]
    assert facts["2018 全市"].startswith(
        f"优良{held['330600', 'air_good_day_share_pct', '2018']}%; PM2.5 {held['330600', 'air_pm25_mean_ug_m3', '2018']};"
    )
