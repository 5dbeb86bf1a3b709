"""Publishing: whole or nothing at every boundary, readers undisturbed, equal bytes, rollback, retention, papers."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import mini_project as mini
import pytest

from extract.errors import UserError
from extract.home import Home
from warehouse import connect as reading
from warehouse import publish, releases
from warehouse.build import build_and_publish, gather, unchanged
from warehouse.candidate import Candidate, candidate_folder, write_json
from warehouse.faults import BOUNDARIES
from warehouse.hashing import file_hash, table_hash
from warehouse.privacy import is_identity_number, scan_parquet

TESTS = Path(__file__).parent
PUBLISH_ONLY = [b for b in BOUNDARIES if b.startswith("publish.")]
BUILDING = [b for b in BOUNDARIES if not b.startswith("publish.")]


@pytest.fixture
def home(mini_candidate: Home, tmp_path: Path) -> Home:
    """A copy of the home with release A current and candidate B audited."""
    shutil.copytree(mini_candidate.root, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


def again(home: Home, tag: str) -> str:
    """Turn the candidate into one of another id, so that publishing it makes another release."""
    folder = candidate_folder(home)
    info = json.loads((folder / "candidate.json").read_text("utf-8"))
    info["release_id"] = f"20260303-0800-{tag}"
    write_json(folder / "candidate.json", info)
    return str(info["release_id"])


def publish_here(home: Home, project: Path, **more: object) -> str:
    folder = candidate_folder(home)
    kept = home.work / "kept"
    if not kept.exists():
        shutil.copytree(folder, kept)
    done = publish.publish_candidate(home, Candidate(folder), options=mini.options(project, **more))
    shutil.copytree(kept, folder)
    return done.release_id


def is_whole(home: Home) -> str:
    """The current release's id, after reading every table and holding it against release.json."""
    folder = reading.current_folder(home)
    told = reading.read_release(folder)
    with reading.connect(home, restricted=True) as con:
        for name, t in told["tables"].items():
            relation = name if name.startswith("restricted.") else f'main."{name}"'
            assert table_hash(con, relation).as_json() == t
        assert con.execute("select release_id from release").fetchone() == (told["id"],)
    return str(told["id"])


_RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import mini_project as mini
from pathlib import Path
from extract.home import Home
from warehouse import inputs, publish
from warehouse.build import build_and_publish
from warehouse.candidate import Candidate, candidate_folder
inputs._CODE = ("warehouse/inputs.py",)
home, options = Home(Path(sys.argv[2])), mini.options(Path(sys.argv[3]))
if sys.argv[4] == "publish":
    publish.publish_candidate(home, Candidate(candidate_folder(home)), options=options)
else:
    build_and_publish(home, options=options)
"""


def run_killed_at(boundary: str, home: Home, project: Path, what: str) -> int:
    env = {**os.environ, "JIANHU_FAULT": boundary}
    return subprocess.run(
        [sys.executable, "-c", _RUN, str(TESTS), str(home.root), str(project), what], env=env, check=False
    ).returncode


@pytest.mark.parametrize("boundary", PUBLISH_ONLY)
def test_kill_while_publishing(home: Home, mini_project: Path, boundary: str) -> None:
    before = is_whole(home)
    candidate = Candidate(candidate_folder(home))
    shutil.copytree(candidate.folder, home.work / "kept")
    audited = json.loads((candidate.folder / "audit.json").read_text("utf-8"))["tables"]
    assert run_killed_at(boundary, home, mini_project, "publish") == -signal.SIGKILL
    seen = is_whole(home)
    moved = PUBLISH_ONLY.index(boundary) >= PUBLISH_ONLY.index("publish.pointed")
    assert seen == (candidate.release_id if moved else before)
    shutil.rmtree(candidate.folder, ignore_errors=True)
    os.rename(home.work / "kept", candidate.folder)
    done = publish.publish_candidate(home, Candidate(candidate.folder), options=mini.options(mini_project))
    assert is_whole(home) == done.release_id
    assert reading.read_release(done.folder)["tables"] == audited
    assert not list(home.releases.glob(".*"))


@pytest.mark.parametrize("boundary", BUILDING)
def test_kill_while_building(home: Home, mini_project: Path, boundary: str) -> None:
    before = is_whole(home)
    expected = json.loads((candidate_folder(home) / "audit.json").read_text("utf-8"))["tables"]
    assert run_killed_at(boundary, home, mini_project, "refresh") == -signal.SIGKILL
    assert is_whole(home) == before
    if boundary in ("build.locked", "build.dbt"):  # the other kills leave no other kind of rest
        done = build_and_publish(home, options=mini.options(mini_project))
        assert reading.read_release(done.folder)["tables"] == expected
        assert is_whole(home) == done.release_id
        assert not list(home.work.glob("building-*"))


_READ = """
import sys, time
from pathlib import Path
from extract.home import Home
from warehouse import connect as reading
home, until, seen = Home(Path(sys.argv[1])), time.time() + 60, set()
stop = Path(sys.argv[2])
while not stop.exists() and time.time() < until:
    with reading.connect(home) as con:
        # nothing but rows may come out of a reader, however long a query takes
        assert con.execute("select current_setting('enable_progress_bar')").fetchone() == (False,)
        told, rows = con.execute("select (select release_id from release), (select count(*) from fct_mini)").fetchone()
        assert rows == 96, rows
        seen.add(told)
print(len(seen))
"""


def test_readers_see_no_error_while_releases_come_and_go(
    home: Home, mini_project: Path, tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", _READ, str(home.root), str(stop)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    time.sleep(1.5)
    for i in range(6):
        again(home, f"reader{i:02d}")
        shutil.rmtree(home.work / "kept", ignore_errors=True)
        publish_here(home, mini_project, keep=1)
    stop.touch()
    outputs = [r.communicate(timeout=60)[0] for r in readers]
    assert [r.returncode for r in readers] == [0, 0, 0]
    assert max(int(x) for x in outputs) > 1
    assert len(releases.listing(home)) == 1


def test_two_builds_of_the_same_inputs_are_equal(
    mini_release: Home, mini_project: Path, tmp_path: Path
) -> None:
    other = Home(tmp_path / "other").ensure()
    mini.fill(other)
    done = build_and_publish(other, options=mini.options(mini_project, threads=1))
    first = reading.current_folder(mini_release)
    assert done.release_id == first.name
    a, b = reading.read_release(first), reading.read_release(done.folder)
    assert a["tables"] == b["tables"]
    parquet = [f for f in a["files"] if f.startswith("parquet/")]
    assert len(parquet) >= 4
    assert {f: a["files"][f] for f in parquet} == {f: b["files"][f] for f in parquet}


def test_same_inputs_with_another_result_are_refused(home: Home, mini_project: Path) -> None:
    publish_here(home, mini_project)
    audit = candidate_folder(home) / "audit.json"
    body = json.loads(audit.read_text("utf-8"))
    body["tables"]["fct_mini"]["hash"] = "0" * 32
    write_json(audit, body)
    with pytest.raises(UserError, match=r"the same inputs gave another result.*fct_mini"):
        publish_here(home, mini_project)


def test_a_released_file_holds_tables_only_and_no_dropped_text(home: Home, mini_project: Path) -> None:
    publish_here(home, mini_project)
    folder = reading.current_folder(home)
    with reading.connect(home, restricted=True) as con:
        names = {
            r[0]
            for r in con.execute(
                "select table_name from duckdb_tables() where database_name = 'warehouse'"
            ).fetchall()
        }
        assert names == {"fct_indicator_value", "fct_mini", "load_ledger", "person_open", "release", "rule"}
        assert con.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)
        assert con.execute("select phone from restricted.person_closed order by 1").fetchall() == [
            ("13800000000",), ("13900000001",),
        ]  # fmt: skip
        comment = con.execute(
            "select comment from duckdb_columns() where table_name = 'fct_mini' and column_name = 'value'"
        ).fetchone()
        assert comment == ("值（µg/m³）",)
    for name in ("13800000000", "13900000001"):
        assert name.encode() not in (folder / "warehouse.duckdb").read_bytes()
        assert all(scan_parquet(p, [name]) == 0 for p in (folder / "parquet").glob("*.parquet"))
    assert (folder / "restricted").stat().st_mode & 0o777 == 0o750
    assert (folder / "restricted" / "warehouse.duckdb").stat().st_mode & 0o777 == 0o440
    assert not (folder / "parquet" / "person_closed.parquet").exists()


def test_a_release_cannot_be_written(home: Home) -> None:
    with reading.connect(home) as con, pytest.raises(duckdb.Error):
        con.execute("create table x as select 1")
    with reading.connect(home, closed=True) as con, pytest.raises(duckdb.Error):
        con.execute("select * from read_csv('/etc/passwd')")


def test_papers_of_a_release(home: Home, mini_project: Path) -> None:
    publish_here(home, mini_project)
    folder = reading.current_folder(home)
    told = reading.read_release(folder)
    for name, about in told["files"].items():
        assert file_hash(folder / name) == about["sha256"]
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    resource = next(r for r in package["resources"] if r["name"] == "fct_mini")
    assert resource["schema"]["primaryKey"] == ["point", "observed_at"]
    value = next(f for f in resource["schema"]["fields"] if f["name"] == "value")
    assert (value["type"], value["unit"], value["description"]) == ("number", "ug_m3", "值（µg/m³）")
    html = (folder / "quality.html").read_text("utf-8")
    assert not re.search(r"(src|href)\s*=|https?://|@import", html), "the page must open offline"
    for text in ("小读数", "守恒", "未核实的规则与参数", told["id"]):
        assert text in html


def test_diff_names_tables_months_and_cells(home: Home, mini_project: Path) -> None:
    publish_here(home, mini_project)
    body = json.loads((reading.current_folder(home) / "diff.json").read_text("utf-8"))
    assert set(body["changed"]) == {"fct_indicator_value", "fct_mini", "load_ledger"}
    assert body["changed"]["fct_mini"]["months"] == ["2026-03-01"]
    cells = body["cells"]["fct_indicator_value"]
    assert cells["count"] == 2
    # 23 of 24 hours carry a value (one is below detection), each raised by 5
    assert {c["subject_id"]: float(c["value_after"]) - float(c["value_before"]) for c in cells["cells"]} == {
        "P1": 115.0, "P2": 115.0,
    }  # fmt: skip


def test_rollback_is_logged_and_not_undone_by_the_next_refresh(home: Home, mini_project: Path) -> None:
    first = reading.current_folder(home).name
    second = publish_here(home, mini_project)
    assert releases.rollback(home, reason="wrong rate") == (second, first)
    assert reading.current_folder(home).name == first
    line = releases.history(home)[-1]
    assert (line["action"], line["id"], line["before"], line["reason"]) == (
        "rollback",
        first,
        second,
        "wrong rate",
    )
    stopped = unchanged(home, gather(home, mini.options(mini_project)))
    assert stopped is not None and stopped.state == "withdrawn"
    publish_here(home, mini_project)  # a deliberate publication ends the withdrawal
    assert reading.current_folder(home).name == second
    assert not releases.withdrawn(home)
    with pytest.raises(UserError, match="the current one"):
        releases.rollback(home, second)


def test_rollback_without_an_earlier_release_says_so(mini_release: Home) -> None:
    with pytest.raises(UserError, match="no earlier release"):
        releases.rollback(mini_release)


def test_retention_never_removes_the_current(home: Home, mini_project: Path) -> None:
    first = reading.current_folder(home).name
    made = []
    for i in range(3):
        made.append(again(home, f"keep{i:04d}"))
        shutil.rmtree(home.work / "kept", ignore_errors=True)
        publish_here(home, mini_project)
    releases.rollback(home, first)
    removed = releases.retain(home, 2)
    kept = [r["id"] for r in releases.listing(home)]
    assert first in kept and reading.current_folder(home).name == first
    assert set(removed) | set(kept) == {first, *made}


def test_unaudited_candidates_are_not_published(home: Home, mini_project: Path) -> None:
    (candidate_folder(home) / "audit.json").unlink()
    with pytest.raises(UserError, match="may not be published"):
        publish.publish_candidate(home, Candidate(candidate_folder(home)), options=mini.options(mini_project))


def test_no_release_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(reading.NoRelease, match="there is no release yet"):
        reading.connect(Home(tmp_path))


def test_identity_number_check_digit() -> None:
    # GB 11643-1999, worked example of the standard
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310021")
    assert not is_identity_number("1101051949123100")
