"""The trial's runner: plan, home, extraction, accounts, figures. The build itself has its own tests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from extract.errors import UserError
from extract.home import Home
from extract.source import load_sources
from warehouse import build, trial, trial_figures

ISSUE = {
    "air": {"aqi_compared", "aqi_equal", "aqi_off_by_one", "aqi_worse", "aqi_skipped_by_reason", "mda8_compared",
            "mda8_equal", "pm25_24h_compared", "pm25_24h_within_1", "o3_8h_compared", "o3_8h_equal", "o3_8h_24h_compared",
            "o3_8h_24h_equal", "pm10_24h_compared", "pm10_24h_within_1", "stuck_runs"},
    "water": {"class_compared", "river_only_equal", "declared_equal", "derived_holdout_equal", "sections",
              "class_by_section_equal", "spikes_flagged", "duplicates_removed"},
    "hj212": {"frames", "accepted", "rejected_by_reason"},
    "complaint": {"rows", "loaded", "rejected", "duplicates", "median_reply_days"},
    "permit": {"holders", "valid_codes", "invalid_codes", "limits"},
    "dmr": {"exceedance_compared", "equal"},
}  # fmt: skip


def bulletin(day: str, end: str = "") -> bytes:
    return f"date,hour,type,1001A,1002A\r\n{day},0,SO2,3,4\r\n{day},1,SO2,5,{end}".encode()


def frame(mn: str, crc: str | None = None) -> bytes:
    """A 2017 message around the annex's rule: CRC register 0xFFFF, polynomial 0xA001, byte by byte from the high half."""
    segment = (
        f"QN=20260301080000001;ST=31;CN=2061;PW=123456;MN={mn};Flag=5;CP=&&DataTime=20260301070000;"
        "a21026-Avg=12.5,a21026-Flag=N&&"
    ).encode()
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return f"##{len(segment):04d}".encode() + segment + (crc or f"{register:04X}").encode() + b"\r\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for name, body in {
        "air/china_sites/china_sites_20260101.csv.zst": zstandard.compress(bulletin("20260101", "6")),
        "air/china_sites/china_sites_20260102.csv": bulletin("20260102")[:-1],
        "air/second_download/china_sites_20260101.csv.gz": gzip.compress(bulletin("20260101", "6") + b"\r\n"),
        "air/snapshots/202601011043_data.xml": b"",
        "hj212/frames.tsv": frame("MN0000000000000000000001") + frame("MN0000000000000000000002", "0000"),
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return root


@pytest.fixture
def no_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A build that holds one table."""
    release = tmp_path / "release"
    release.mkdir()
    with duckdb.connect(str(release / "build.duckdb")) as con:
        con.execute("create table shown as select 7 as n")
    monkeypatch.setattr(trial, "_build_and_measure", lambda t, as_of: trial_figures.measure(t, release))
    sql = tmp_path / "sql"
    sql.mkdir()
    (sql / "hj212.sql").write_text((trial_figures.SQL_FOLDER / "hj212.sql").read_text("utf-8"), "utf-8")
    monkeypatch.setattr(trial_figures, "SQL_FOLDER", sql)
    return sql


def run(data: Path, tmp_path: Path) -> tuple[trial.Trial, dict[str, Any]]:
    done = trial.run_trial(data, Home(tmp_path / "home"))
    told: dict[str, Any] = json.loads((tmp_path / "home" / "trial.json").read_text("utf-8"))
    return done, told


def test_the_plan_names_declared_sources_and_the_keys_of_the_issue() -> None:
    plan = trial.load_plan()
    named = {s.source for s in plan.steps} | {n for s in plan.sections.values() for n in s.sources}
    assert named <= set(load_sources())
    assert {n: set(s.keys) for n, s in plan.sections.items()} == ISSUE


def test_an_empty_folder_gives_nulls_and_notes(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    done, told = run(tmp_path / "data", tmp_path)
    assert done.exit_code == 0 and told["as_of"] is None and told["release_id"] is None
    assert {n: set(told[n]) for n in ISSUE} == ISSUE
    assert all(v is None for n in ISSUE for v in told[n].values())
    assert told["second_download"] == {"new_loads": None, "unchanged_loads": None}
    assert set(told["conservation"]) == set(load_sources())
    assert set(told["conservation"]["forest"]) == {"records_in", "rows_in", "loaded", "rejected"}
    assert any("air/china_sites" in n for n in told["notes"])


def test_files_are_accounted_for(data: Path, no_build: Path, tmp_path: Path) -> None:
    done, told = run(data, tmp_path)
    assert done.exit_code == 0, told["faults"]
    # day 2 ends inside its last line: four cells loaded of the first day, two of the second, one line rejected
    assert told["conservation"]["air_bulletin_hourly"] == {
        "records_in": 4,
        "rows_in": 7,
        "loaded": 6,
        "rejected": 1,
    }
    assert told["second_download"] == {"new_loads": 0, "unchanged_loads": 1}
    assert (
        told["as_of"] == "2026-01-03 00:00:00"
    )  # the device's clock (1 March) does not count beside windows
    assert (
        told["hj212"]["frames"] == 2 and told["hj212"]["accepted"] == 1 and told["hj212"]["unaccounted"] == 0
    )
    assert sum(told["hj212"]["rejected_by_reason"].values()) == 1
    assert any("202601011043_data.xml" in n and "empty" in n for n in told["notes"])
    assert told["air"] == dict.fromkeys(ISSUE["air"])
    second = run(data, tmp_path)[1]
    assert {k: v for k, v in second.items() if k != "seconds"} == {
        k: v for k, v in told.items() if k != "seconds"
    }


def test_device_clocks_tell_the_day_where_nothing_else_does(
    data: Path, no_build: Path, tmp_path: Path
) -> None:
    for path in (data / "air").rglob("*.*"):
        path.unlink()
    assert run(data, tmp_path)[1]["as_of"] == "2026-03-02 00:00:00"


def test_figures_come_from_sql_and_a_failing_one_hides_no_other(
    data: Path, no_build: Path, tmp_path: Path
) -> None:
    (no_build / "air.sql").write_text(
        "select n as aqi_compared, cast(1.50 as decimal(9,2)) as aqi_equal, json_object('a', 1) as aqi_skipped_by_reason_json,"
        " (select sum(rows_loaded) from trial_ledger where source = 'air_bulletin_hourly') as loaded,"
        " (select sum(row_count) from trial_rejected where check_id = 'cut_line') as cut from shown"
    )
    (no_build / "air-more.sql").write_text("select 5 as mda8_compared")
    (no_build / "water.sql").write_text("select nothing from nowhere")
    (no_build / "hj212-x.sql").write_text("select nothing from nowhere")
    done, told = run(data, tmp_path)
    assert (told["air"]["aqi_compared"], told["air"]["aqi_equal"], told["air"]["mda8_compared"]) == (
        7,
        1.5,
        5,
    )
    assert told["air"]["aqi_skipped_by_reason"] == {"a": 1}
    assert told["air"]["loaded"] == 6 and told["air"]["cut"] == 1
    assert told["hj212"]["frames"] == 2
    # no water was loaded, so its query does not run; the other failing one is told
    assert done.exit_code == 1 and len(told["faults"]) == 1 and "hj212-x.sql" in told["faults"][0]


def test_a_home_that_no_trial_made_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "home" / "landing" / "kept"
    kept.mkdir(parents=True)
    with pytest.raises(UserError, match="not made by a trial"):
        trial.fresh(Home(tmp_path / "home"))
    assert kept.exists()


def test_data_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a folder"):
        trial.run_trial(tmp_path / "nowhere", Home(tmp_path / "home"))
    assert not (tmp_path / "home").exists()


def test_a_wrong_plan_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.yml").write_text("steps: [{source: x, file: [a]}]\nsections: {}\n")
    with pytest.raises(UserError, match="file"):
        trial.load_plan(tmp_path / "t.yml")


def test_accounts_stand_without_a_release(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise UserError("a model is broken")

    monkeypatch.setattr(build, "build_candidate", broken)
    done, told = run(data, tmp_path)
    assert (
        done.exit_code == 1 and told["faults"] == ["build: a model is broken"] and told["release_id"] is None
    )
    assert told["hj212"]["frames"] == 2 and told["air"] == dict.fromkeys(ISSUE["air"])
