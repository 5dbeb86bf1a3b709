"""Extraction runs: isolation, conservation, what makes a load and what does not, and what the user is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from extract import cli, landing, ledger, lock, run
from extract.errors import UserError
from extract.home import REPO, Home
from extract.source import Source, get_source, load_sources

HEAD = "date,hour,type,1246A,1247A\n"


def day_file(folder: Path, day: str, *lines: str, suffix: str = "") -> Path:
    file = folder / "cnemc" / f"china_sites_{day}{suffix}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEAD + "".join(f"{day},{line}\n" for line in lines), "utf-8")
    return file


def complaints(folder: Path, *rows: tuple) -> Path:
    file = folder / "complaint_12345" / "工单.xlsx"
    file.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.active.append(["工单编号", "来源渠道", "诉求类型", "登记时间", "更新时间", "联系电话", "诉求内容"])
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    for name in list(os.environ):
        if name.startswith(("JIANHU_", "AIRFLOW_CONN_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("JIANHU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JIANHU_DROP_DIR", str(tmp_path / "drop"))
    return Home(tmp_path / "home").ensure()


@pytest.fixture
def drop(tmp_path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


def bulletin(home: Home, drop: Path, **more):
    report = run.extract(["air_bulletin_hourly"], files=[f"{drop}/cnemc/*.csv"], home=home, **more)
    return report.results[0]


def test_every_row_is_accounted_for_and_the_second_run_changes_nothing(home, drop):
    day_file(drop, "20190101", "0,PM10,40,abc", "1,PM10,,41")
    first = bulletin(home, drop)
    assert (first.records_in, first.rows_in, first.rows_loaded, first.rows_rejected) == (2, 4, 3, 1)
    assert first.rejected_by_check == {"not_a_number": 1}
    before = sorted(p.relative_to(home.root).as_posix() for p in home.landing.rglob("*"))
    second = bulletin(home, drop)
    assert (second.new_loads, second.unchanged_loads, second.rows_rejected) == (0, 1, 0)
    assert second.standing == {
        "loads": 1,
        "records_in": 2,
        "rows_in": 4,
        "rows_loaded": 3,
        "rows_rejected": 1,
    }
    assert sorted(p.relative_to(home.root).as_posix() for p in home.landing.rglob("*")) == before


def test_the_summary_names_file_row_column_value_rule_and_what_to_do(home, drop):
    day_file(drop, "20190101", "0,PM10,40,abc")
    told = bulletin(home, drop).rejected[0]
    assert (told["file"], told["row"], told["col"]) == (
        "china_sites_20190101.csv",
        2,
        "1247A",
    )  # line 2 of the file
    assert (told["column"], told["value"], told["rule"]) == ("value", "abc", "not_a_number")
    assert "abc" in told["reason_zh"] and "number" in told["reason_en"]


def test_the_same_content_with_one_more_line_end_is_no_load(home, drop):
    file = day_file(drop, "20190101", "0,PM10,40,41")
    bulletin(home, drop)
    file.write_bytes(file.read_bytes() + b"\n")
    assert (bulletin(home, drop).new_loads, ledger.ledger(home).num_rows) == (0, 1)


def test_a_payload_that_goes_a_b_a_ends_with_a(home, drop):
    for value in ("40", "41", "40"):
        day_file(drop, "20190101", f"0,PM10,{value},")
        assert bulletin(home, drop).new_loads == 1
    table = ledger.winners(ledger.ledger(home), load_sources())
    rows = pq.read_table(Path(table["path"][0].as_py()) / "rows.parquet")
    assert (table["seq"].to_pylist(), rows["value_as_sent"].to_pylist()) == ([3], ["40", ""])


def test_two_files_for_one_slice_do_not_make_loads_for_ever(home, drop):
    day_file(drop, "20190101", "0,PM10,40,")
    day_file(drop, "20190101", "0,PM10,50,", suffix="(1)")
    first = bulletin(home, drop)
    assert first.new_loads == 2 and any("answers a slice" in n for n in first.notes)
    again = bulletin(home, drop)
    assert (again.new_loads, again.unchanged_loads) == (0, 2)
    standing = ledger.winners(ledger.ledger(home), load_sources())["payload_name"][0].as_py()
    # the overtaken file alone comes back: then it is an A after a B
    (drop / "cnemc" / standing).unlink()
    assert bulletin(home, drop).new_loads == 1
    assert ledger.winners(ledger.ledger(home), load_sources())["payload_name"][0].as_py() != standing


def test_reparse_makes_new_loads_from_stored_payloads_only_when_the_reading_changed(home, drop, monkeypatch):
    file = day_file(drop, "20190101", "0,PM10,40,41", "0,PM1,1,2")
    bulletin(home, drop)
    file.unlink()
    assert run.extract(["air_bulletin_hourly"], reparse=True, home=home).results[0].new_loads == 0
    declared = get_source("air_bulletin_hourly").model_dump()
    column = next(c for c in declared["columns"] if c["name"] == "value")
    column["blanks"] = [*column["blanks"], "41"]
    changed = Source(**declared)
    monkeypatch.setattr(run, "get_source", lambda name: changed)
    result = run.extract(["air_bulletin_hourly"], reparse=True, home=home).results[0]
    assert (result.new_loads, result.rows_in, result.rows_rejected) == (1, 4, 2)
    table = ledger.winners(ledger.ledger(home), {"air_bulletin_hourly": changed})
    rows = pq.read_table(Path(table["path"][0].as_py()) / "rows.parquet")
    assert rows["_null_reason"].to_pylist() == [None, "blank"] and table["seq"].to_pylist() == [2]
    assert run.extract(["air_bulletin_hourly"], reparse=True, home=home).results[0].new_loads == 0


def test_a_failure_stays_in_its_source_and_is_told_by_name_and_provider(home, drop, monkeypatch):
    day_file(drop, "20190101", "0,PM10,40,41")
    real = run.get_reader

    def broken(kind):
        if kind == "register":
            raise RuntimeError("a fault of ours")
        return real(kind)

    monkeypatch.setattr(run, "get_reader", broken)
    report = run.extract(["energy", "air_bulletin_hourly"], files=[f"{drop}/cnemc/*.csv"], home=home)
    bad, good = report.results
    assert bad.state == "failed" and "a fault of ours" in bad.error and bad.is_stale
    assert good.new_loads == 1 and not good.is_stale
    assert report.exit_code == 3
    assert report.to_dict()["failed"] == {"energy": {"provider": "registers", "error": bad.error}}
    assert "RuntimeError" in (home.work / "logs" / "extract.energy.log").read_text()


def test_a_missing_setting_fails_a_source_but_not_an_optional_one(home, monkeypatch):
    monkeypatch.delenv("JIANHU_DROP_DIR")
    report = run.extract(["air_bulletin_hourly", "complaint_12345"], home=home)
    optional, needed = report.results
    assert optional.state == "not_configured" and "JIANHU_DROP_DIR" in optional.notes[0]
    assert needed.state == "failed" and "JIANHU_DROP_DIR" in needed.error and "to do" in needed.error


def test_a_refused_load_is_a_failure_that_keeps_the_bytes(home, drop):
    day_file(drop, "20190101", "0,PM10,40,41")
    day_file(drop, "20190102", "0,PM10,,")
    result = bulletin(home, drop)
    assert (result.state, result.new_loads, result.refused_loads) == ("failed", 1, 1)
    assert "china_sites_20190102.csv" in result.refused[0] and "value_present" in result.refused[0]
    kept = [p for p in (home.work / "refused").rglob("*.csv")]
    assert [p.read_text("utf-8") for p in kept] == [HEAD + "20190102,0,PM10,,\n"]
    assert ledger.ledger(home)["window_start"].to_pylist()[0].day == 1


def test_damaged_numbers_and_private_values_in_a_workbook(home, drop):
    row = ("12345", "举报", "2026/1/6 12:09:38", "2026.1.7")
    complaints(drop, ("GD0001", *row, "13800000000", "臭"), ("GD0002", *row, "1.38E+10", "吵"),
               ("GD0001", *row, "13800000000", "臭"))  # fmt: skip
    result = run.extract(["complaint_12345"], files=[f"{drop}/complaint_12345/*.xlsx"], home=home).results[0]
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (3, 1, 2)
    assert result.rejected_by_check == {"damaged_long_number": 1, "duplicate_key": 1}
    text = json.dumps(result.rejected, ensure_ascii=False)
    assert "1.38E+10" not in text and run.MASK in text  # a phone number is personal
    assert len(result.returned) == 1 and Path(result.returned[0]).exists()


def test_two_extractions_of_one_source_wait_for_each_other(home, drop):
    day_file(drop, "20190101", "0,PM10,40,41")
    path = home.work / "locks" / "extract.air_bulletin_hourly.lock"
    said: list[str] = []
    with lock.held(path, "it"):
        refused = bulletin(home, drop, wait_s=0.2, say=said.append)
        assert refused.state == "failed" and str(os.getpid()) in refused.error
        waiter = threading.Thread(
            target=lambda: said.append(str(bulletin(home, drop, say=said.append).new_loads))
        )
        waiter.start()
        deadline = time.monotonic() + 20
        while not any("waiting" in s for s in said) and time.monotonic() < deadline:
            time.sleep(0.05)
    waiter.join(60)
    assert said[-1] == "1" and any("waiting" in s for s in said)


def test_leftovers_of_a_killed_run_are_cleaned(home, drop):
    day_file(drop, "20190101", "0,PM10,40,41")
    left = home.landing / ".writing" / "air_bulletin_hourly@1-0"
    left.mkdir(parents=True)
    other = home.landing / ".writing" / "energy@1-0"
    other.mkdir()
    (home.work / "extract" / "air_bulletin_hourly-1").mkdir(parents=True)
    assert bulletin(home, drop).new_loads == 1
    assert not left.exists() and other.exists()
    assert not (home.work / "extract" / "air_bulletin_hourly-1").exists()


def test_a_killed_run_is_finished_by_the_next(home, drop):
    for day in ("20190101", "20190102", "20190103"):
        day_file(drop, day, "0,PM10,40,41")
    code = f"from extract import run; run.extract(['air_bulletin_hourly'], files=['{drop}/cnemc/*.csv'])"
    env = {**os.environ, "JIANHU_FAULT": "landing.rows_written:2", "PYTHONPATH": str(REPO)}
    died = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, cwd=REPO)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert ledger.ledger(home).num_rows == 1
    result = bulletin(home, drop)
    assert (result.new_loads, result.unchanged_loads) == (2, 1)
    assert ledger.ledger(home)["seq"].to_pylist() == [1, 1, 1]


def test_a_routine_run_catches_up_after_an_outage(home, drop, monkeypatch):
    """An outage of three weeks is longer than the source's lateness: the next routine run asks for all of it."""
    source = get_source("air_bulletin_hourly")
    day_file(drop, "20190101", "1,PM10,40,41")
    bulletin(home, drop)
    monkeypatch.setattr(run, "_wall_clock", lambda: datetime(2019, 1, 22, 6))
    asked = run._request(source, home, None, None, None, None)
    assert (asked.since, asked.until) == (date(2019, 1, 2), date(2019, 1, 23))
    monkeypatch.setattr(run, "_wall_clock", lambda: datetime(2019, 1, 2, 6))
    late = source.slice.lateness_days
    asked = run._request(source, home, None, None, None, None)
    assert asked.since == date(2019, 1, 2) - timedelta(days=max(1, late))
    fresh = run._request(get_source("air_platform_hourly"), home, None, None, None, None)
    assert fresh.since == date(2019, 1, 2) - timedelta(days=3), "nothing loaded: only the lateness"


def test_providers_and_names():
    assert set(run.names_of("cnemc")) == {n for n, s in load_sources().items() if s.provider == "cnemc"}
    assert run.names_of() == list(load_sources())
    with pytest.raises(UserError, match="cnemc"):
        run.names_of("nobody")


app = typer.Typer()
cli.register(app)
RUNNER = CliRunner()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["extract"], 2, "--all"),
        (["extract", "nonesuch"], 1, "air_bulletin_hourly"),
        (["extract", "energy", "--since", "yesterday"], 2, "2026-03-01"),
        (["extract", "energy", "--since", "2026-03-01", "--until", "2026-03-01"], 2, "not after"),
        (["extract", "energy", "forest", "--files", "x"], 2, "one source"),
        (["extract", "--provider", "nobody"], 1, "cnemc"),
        (["sources", "nonesuch"], 1, "energy"),
    ],
)
def test_wrong_use_is_told_in_one_message(home, words, code, said):
    got = RUNNER.invoke(app, words)
    assert got.exit_code == code
    assert said in got.output and "Traceback" not in got.output and len(got.output.strip().splitlines()) == 1


def test_exit_codes_say_what_happened(home, drop):
    words = ["extract", "air_bulletin_hourly", "--files", f"{drop}/cnemc/*.csv"]
    file = day_file(drop, "20190101", "0,PM10,40,41")
    assert RUNNER.invoke(app, words).exit_code == 0
    day_file(drop, "20190101", "0,PM10,40,abc")
    rejected = RUNNER.invoke(app, words)
    assert rejected.exit_code == 4 and "not_a_number" in rejected.output and file.name in rejected.output
    day_file(drop, "20190101", "0,PM10,,")
    failed = RUNNER.invoke(app, [*words, "--json"])
    assert failed.exit_code == 3
    report = json.loads(failed.stdout)
    assert report["failed"]["air_bulletin_hourly"]["provider"] == "cnemc"


def test_sources_are_listed_and_shown(home):
    listed = json.loads(RUNNER.invoke(app, ["sources", "--json"]).stdout)
    assert set(listed) == set(load_sources())
    shown = RUNNER.invoke(app, ["sources", "energy"])
    assert shown.exit_code == 0 and "energy_tce" in shown.output


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: obd_second", "name: obd_second_2", "file and source must bear one name"),
        ("provider: vehicle_platform", "provider: x\n              colour: red", "colour"),
        ("{name: speed_km_h,", "{name: vin,", "a column is declared twice"),
        ("{name: speed_km_h,", "{name: reason_zh,", "reason_zh: the door writes a column of that name"),
        (
            "natural_key: [vin, observed_at]",
            "natural_key: [vin, seen_at]",
            "'seen_at' is named as a key but is not a column",
        ),
    ],
)
def test_a_faulty_declaration_is_told_with_its_file_and_key(tmp_path, old, new, told):
    text = (REPO / "extract" / "sources" / "obd_second.yml").read_text("utf-8")
    assert text.count(old) == 1
    (tmp_path / "obd_second.yml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(UserError) as e:
        load_sources(tmp_path)
    assert "obd_second.yml" in str(e.value) and told in str(e.value)


def test_help_loads_nothing_heavy():
    code = (
        "import sys, typer; from extract import cli; a = typer.Typer(); cli.register(a);"
        "heavy = {'duckdb', 'pyarrow', 'pandas', 'great_expectations', 'numpy'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPO)


def test_boundaries_are_passed_in_the_order_in_which_they_are_listed(home, drop, monkeypatch):
    passed: list[str] = []
    monkeypatch.setattr(landing, "boundary", passed.append)
    day_file(drop, "20190101", "0,PM10,40,abc")
    bulletin(home, drop)
    assert passed == list(landing.BOUNDARIES)
