"""Surface and drinking water: what the feeds plant in any span, and the account of repeated records."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from district.networks import Base, drinking, water
from district.plan import make_district
from extract.home import REPO, Home
from warehouse import trial, trial_figures

SEEDS = REPO / "dbt_project" / "seeds"
PLANTED = set(water.KINDS) | set(drinking.KINDS)


def feeds(seed: int, first: date, days: int) -> dict[str, list[dict]]:
    base = Base(make_district(seed, first, first + timedelta(days=days - 1), 0.1), None, None, [])  # type: ignore[arg-type]
    return {**water.make(base).truth, **{k: v for k, v in drinking.make(base).truth.items() if k in PLANTED}}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("first", [date(2025, 1, 1), date(2025, 6, 11), date(2026, 2, 2), date(2026, 3, 9)])
def test_each_kind_is_planted_in_any_span_of_45_days(seed: int, first: date) -> None:
    truth = feeds(seed, first, 45)
    assert {k for k in PLANTED if not truth.get(k)} == set()


@pytest.mark.parametrize("first", [date(2025, 12, 30), date(2026, 2, 26), date(2026, 7, 1)])
def test_four_days_are_enough(first: date) -> None:
    assert "water_tributary_load" in feeds(5, first, 4)


def test_planted_peaks_shift_by_the_lags_of_the_river() -> None:
    """Between two stations the lag is the registered travel time, but for the slow water of every second event."""
    slow = usual = 0
    for row in feeds(3, date(2026, 1, 1), 90)["water_lagged_peak"]:
        station = [s[0] for s in water.STATIONS].index(row["to_point_id"].removeprefix("water:"))
        late = row["lag_hours"] - water.TRAVEL_HOURS[station]
        assert (row["observed_at"] - row["upstream_observed_at"]).total_seconds() == row["lag_hours"] * 3600
        assert late in (0, water.LATER_HOURS) and (late == 0 or station == 2)
        slow, usual = slow + (late > 0), usual + (late == 0)
    assert slow and usual


def test_a_late_sample_counts_for_no_period_that_lacked_it() -> None:
    base = Base(make_district(9, date(2026, 2, 2), date(2026, 3, 20), 0.1), None, None, [])  # type: ignore[arg-type]
    feed = drinking.make(base)
    missing = {
        (r["point_id"], r["factor_code"], r["period_start_date"]) for r in feed.truth["drinking_due_missing"]
    }
    names = {v[0]: k for k, v in drinking.ITEMS.items()}
    rows = [
        (f"drinking_source:{r['source_code']}", names[r["factor_name"]], r["sampled_at"].date())
        for r in feed.registers["drinking_source_lab"]
    ]
    for text in feed.files.values():
        for r in list(csv.DictReader(text.decode("utf-8-sig").splitlines())):
            day = date(*map(int, r["采样日期"].split(" ")[0].split("/")))
            rows.append((f"rural_water:{r['监测点编码']}", names[r["检验项目"]], day))
    months = {s.point_id: drinking.PLAN[s.role][0] for s in drinking.sites(base.d)}
    for point_id, factor, start in missing:
        end = drinking._month(start, months[point_id])
        assert not [1 for p, f, day in rows if (p, f) == (point_id, factor) and start <= day < end]


def test_rural_limits_are_blank_until_the_standard_is_seen() -> None:
    with (SEEDS / "networks" / "water" / "drinking_limit.csv").open(encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if r["clause_id"] == "gb5749_2022"]
    assert rows and all(r["limit_value"] == "" and r["status"] == "unverified" for r in rows)


def test_rural_files_hold_the_forms_of_laboratories() -> None:
    base = Base(make_district(4, date(2026, 1, 1), date(2026, 3, 1), 0.1), None, None, [])  # type: ignore[arg-type]
    feed = drinking.make(base)
    text = b"".join(feed.files.values()).decode("utf-8")
    books = {r["value"] for r in feed.registers["drinking_source_lab"]}
    assert "未检出" in text and {"ND", "未检出"} <= books and any(v.endswith("L") for v in books)


HEAD = "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),氨氮(mg/L),站点情况"


def test_repeated_records_are_exact_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three repeated records two are the same in every cell and one is not; the figure counts the two."""
    data = tmp_path / "data" / "water" / "auto_by_section" / "浙江省" / "浙闽片河流" / "甲桥" / "2021-04"
    data.mkdir(parents=True)
    row = "浙江省,浙闽片河流,甲桥,04-01 {0},Ⅱ,16.0,7.24,7.71,{1},正常"
    told = [
        ("08:00", "0.102"),
        ("08:00", "0.102"),
        ("12:00", "0.1"),
        ("12:00", "0.10"),
        ("16:00", "0.2"),
        ("16:00", "0.2"),
    ]
    (data / "甲桥.csv").write_text("\n".join([HEAD, *(row.format(*x) for x in told)]) + "\n", "utf-8")
    built = tmp_path / "release"
    built.mkdir()
    duckdb.connect(str(built / "build.duckdb")).close()
    sql = tmp_path / "sql"
    sql.mkdir()
    (sql / "water.sql").write_text(
        "select count(*) filter (where is_exact) as duplicates_removed, count(*) filter (where not is_exact) as differing"
        " from trial_duplicate where source = 'water_section_csv'"
    )
    monkeypatch.setattr(trial, "_build_and_measure", lambda t, as_of: trial_figures.measure(t, built))
    monkeypatch.setattr(trial_figures, "SQL_FOLDER", sql)
    done = trial.run_trial(tmp_path / "data", Home(tmp_path / "home"))
    assert (done.result["water"]["duplicates_removed"], done.result["water"]["differing"]) == (2, 1)
