"""The command line: light to start, one message for a mistake, exit codes as docs/contracts.md section 9 says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from extract.home import Home
from warehouse import connect as reading

HEAVY = (
    "duckdb",
    "pyarrow",
    "pandas",
    "numpy",
    "dbt",
    "great_expectations",
    "sqlalchemy",
    "airflow",
    "openpyxl",
)


def jianhu(*args: str, home: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.cli", *args],
        env={**os.environ, "JIANHU_HOME": str(home), "COLUMNS": "160"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_help_is_light_and_lists_the_commands(tmp_path: Path) -> None:
    script = (
        "import sys; from warehouse import cli\n"
        "sys.argv = ['jianhu', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit as e: assert not e.code, e.code\n"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "print('HEAVY', heavy, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stderr
    for command in (
        "status", "sources", "extract", "build", "audit", "publish", "refresh", "rollback", "diff", "export",
        "explain", "query", "template", "simulate", "truth", "trial", "releases",
    ):  # fmt: skip
        assert f" {command} " in done.stdout


def test_status_of_an_empty_home(tmp_path: Path) -> None:
    body = json.loads(jianhu("status", "--json", home=tmp_path).stdout)
    assert body["release"] is None and body["loads"] == 0 and body["stale"] == []
    assert {s["state"] for s in body["sources"]} <= {"absent", "optional_absent"}
    assert "jianhu extract --all" in jianhu("status", home=tmp_path).stdout


def test_status_of_a_release(mini_release: Home) -> None:
    body = json.loads(jianhu("status", "--json", home=mini_release.root).stdout)
    assert body["release"]["id"] == reading.current_folder(mini_release).name
    assert body["loads"] == 3 and body["releases"] == 1


def test_query_forms_and_limit(mini_release: Home) -> None:
    sql = "select point, sum(value) as total, count(*) as n from fct_mini group by 1 order by 1"
    # hours 0..23 without the fifth: 276 - 5 a day, one more each hour at P2, for two days
    rows = json.loads(jianhu("query", sql, "--json", home=mini_release.root).stdout)
    assert rows == [{"point": "P1", "total": 542, "n": 48}, {"point": "P2", "total": 588, "n": 48}]
    csv = jianhu("query", sql, "--csv", home=mini_release.root).stdout
    assert csv.splitlines() == ["point,total,n", "P1,542.000000,48", "P2,588.000000,48"]
    cut = jianhu("query", "select * from fct_mini", "--limit", "5", home=mini_release.root)
    assert "only the first 5 rows are shown; --limit 0 shows all" in cut.stderr
    whole = jianhu("query", "select * from fct_mini", "--csv", home=mini_release.root)
    assert len(whole.stdout.splitlines()) == 97 and not whole.stderr


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("drop table fct_mini", "only one SELECT is answered"),
        ("select 1; select 2", "only one SELECT is answered"),
        ("copy fct_mini to 'x.csv'", "only one SELECT is answered"),
        ("select * from no_such_table", "the query failed"),
        ("select * from read_csv('/etc/passwd')", "the query failed"),
        ("selec 1", "this is not SQL"),
    ],
)
def test_query_refuses_everything_but_a_select(mini_release: Home, sql: str, message: str) -> None:
    assert message in jianhu("query", sql, home=mini_release.root, code=2).stderr


def test_restricted_tables_need_the_flag(mini_release: Home) -> None:
    sql = "select count(*) as n from restricted.person_closed"
    jianhu("query", sql, home=mini_release.root, code=2)
    assert json.loads(jianhu("query", sql, "--restricted", "--json", home=mini_release.root).stdout) == [
        {"n": 2}
    ]


def test_messages_without_a_release(tmp_path: Path) -> None:
    for args in (["query", "select 1"], ["rollback"], ["status", "--towns"]):
        assert "there is no release yet" in jianhu(*args, home=tmp_path, code=1).stderr
    assert "there is no candidate" in jianhu("audit", home=tmp_path, code=1).stderr
    assert "there is no candidate" in jianhu("publish", home=tmp_path, code=1).stderr
    assert json.loads(jianhu("releases", "list", "--json", home=tmp_path).stdout) == []


def test_wrong_use_is_code_2(tmp_path: Path) -> None:
    assert "is not a time" in jianhu("refresh", "--as-of", "tomorrow", home=tmp_path, code=2).stderr
    assert "no scheme mode" in jianhu("refresh", "--scheme-mode", "best", home=tmp_path, code=2).stderr
    jianhu("no-such-command", home=tmp_path, code=2)


def test_publish_rollback_diff_and_list(mini_candidate: Home, tmp_path: Path) -> None:
    shutil.copytree(mini_candidate.root, tmp_path / "home", symlinks=True)
    home = tmp_path / "home"
    before = reading.current_folder(Home(home)).name
    told = json.loads(jianhu("publish", "--json", home=home).stdout)
    assert told["unchanged"] is False and told["release"] != before
    body = json.loads(jianhu("diff", before, "--json", home=home).stdout)
    assert body["inputs"]["loads_added"] == 1 and body["inputs"]["loads_removed"] == 1
    assert body["cells"]["fct_indicator_value"]["count"] == 2
    assert "fct_mini: 96 -> 96 rows; months 2026-03" in jianhu("diff", before, home=home).stdout
    assert json.loads(jianhu("rollback", "--json", "--reason", "test", home=home).stdout) == {
        "from": told["release"], "to": before,
    }  # fmt: skip
    listed = json.loads(jianhu("releases", "list", "--json", home=home).stdout)
    assert [r["is_current"] for r in listed] == [True, False] and listed[0]["id"] == before
    assert "rollback" in jianhu("releases", "history", home=home).stdout


def test_lock_held_is_code_6(mini_release: Home, tmp_path: Path) -> None:
    from warehouse.lock import build_lock

    with build_lock(Home(tmp_path).ensure()):
        done = jianhu("refresh", home=tmp_path, code=6)
    assert f"process {os.getpid()}" in done.stderr
