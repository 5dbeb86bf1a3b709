"""The build: raw tables as docs/contracts.md section 1 says, one lock, inputs, skip, replay, audit that blocks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import mini_project as mini
import pytest

from extract.errors import UserError
from extract.home import Home
from warehouse import connect as reading
from warehouse.build import AuditFailed, build_and_publish, gather, unchanged
from warehouse.dbt import DbtFailed, model_vars, run_dbt
from warehouse.hashing import table_hash
from warehouse.inputs import parse_as_of, read_inputs
from warehouse.lock import Locked, build_lock
from warehouse.raw import create_raw


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home").ensure()
    mini.fill(made)
    return made


def raw(home: Home, project: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    inputs = read_inputs(home, mini.SOURCES, mini.AS_OF, "official", project_dir=project)
    create_raw(con, mini.SOURCES, inputs.table(), home)
    return con


def test_raw_tables_hold_text_typed_and_lineage(home: Home, mini_project: Path) -> None:
    with raw(home, mini_project) as con:
        described = [d[:2] for d in con.execute("describe raw.reading_mini").fetchall()]
        assert described == [
            ("point", "VARCHAR"), ("observed_at", "TIMESTAMP"), ("observed_at_as_sent", "VARCHAR"),
            ("value", "DECIMAL(18,6)"), ("value_as_sent", "VARCHAR"), ("value_qualifier", "VARCHAR"),
            ("value_detection_limit", "DECIMAL(18,6)"), ("_row_no", "BIGINT"), ("_col", "VARCHAR"),
            ("_null_reason", "VARCHAR"), ("_load_id", "VARCHAR"), ("_seq", "BIGINT"), ("_part", "VARCHAR"),
            ("_window_start", "DATE"), ("_window_end", "DATE"),
        ]  # fmt: skip
        below = con.execute(
            "select value, value_as_sent, value_qualifier, cast(value_detection_limit as varchar), _window_start "
            "from raw.reading_mini where point = 'P1' and observed_at = '2026-03-01 05:00:00'"
        ).fetchall()
        assert below == [(None, "<0.05", "<", "0.050000", date(2026, 3, 1))]
        assert con.execute("select count(*) from raw.reading_mini").fetchone() == (96,)


def test_a_source_without_loads_has_an_empty_table(home: Home, mini_project: Path) -> None:
    with raw(home, mini_project) as con:
        assert con.execute("select count(*) from raw.nothing_mini").fetchone() == (0,)
        assert (
            con.execute("describe raw.nothing_mini").fetchall()
            == con.execute("describe raw.reading_mini").fetchall()
        )
        ledger = con.execute("select source, rows_loaded, rows_in from raw.load_ledger order by 1").fetchall()
        assert ledger == [("person_mini", 2, 2), ("reading_mini", 48, 48), ("reading_mini", 48, 48)]


def test_a_later_load_of_a_slice_wins_and_a_to_b_to_a_ends_with_a(home: Home, mini_project: Path) -> None:
    def total() -> object:
        with raw(home, mini_project) as con:
            return con.execute(
                "select sum(value) from raw.reading_mini where _window_start = '2026-03-02'"
            ).fetchone()

    a = total()
    mini.fill(home, bump=100)
    b = total()
    assert b is not None and a is not None and b[0] - a[0] == 46 * 100  # 48 rows, two of them below detection
    mini.fill(home)
    assert total() == a


def test_a_load_that_lost_its_rows_is_told_by_name(home: Home, mini_project: Path) -> None:
    file = next(home.landing.glob("reading_mini/*/*/*/rows.parquet"))
    file.unlink()
    with pytest.raises(UserError, match=r"reading_mini.*has lost its rows"):
        raw(home, mini_project)


def test_model_lists_follow_the_files(mini_project: Path) -> None:
    assert model_vars(mini_project, mini.SOURCES) == {
        "reading_models": ["stg_reading_mini"], "fine_models": [], "indicator_models": [], "score_models": [],
        "warning_models": [], "seed_parts": {},
    }  # fmt: skip


def test_a_broken_model_is_named_with_the_log(home: Home, tmp_path: Path) -> None:
    project = mini.make_project(tmp_path / "broken")
    (project / "models" / "core" / "fct_broken.sql").write_text(
        "-- grain: x\nselect no_such_column from (select 1)\n"
    )
    with pytest.raises(DbtFailed, match=r"fct_broken.*no_such_column.*log .*dbt\.log"):
        build_and_publish(home, options=mini.options(project))
    assert not home.current.exists()
    assert not list(home.work.glob("building-*"))


@pytest.mark.parametrize(
    ("columns", "said"),
    [("1 as town", "INTEGER"), ("'x' as town, 2 as more", "more"), ("'x' as other", '"town"')],
)
def test_a_table_that_breaks_its_contract_is_told(
    home: Home, tmp_path: Path, columns: str, said: str
) -> None:
    project = mini.make_project(tmp_path / "contract")
    (project / "models" / "core" / "fct_bound.sql").write_text(f"-- grain: town\nselect {columns}\n", "utf-8")
    (project / "models" / "core" / "_bound.yml").write_text(
        "version: 2\nmodels:\n  - name: fct_bound\n    config: {contract: {enforced: true}}\n"
        "    columns: [{name: town, data_type: varchar}]\n",
        "utf-8",
    )
    with pytest.raises(DbtFailed, match=rf"(?is)fct_bound.*{re.escape(said)}"):
        build_and_publish(home, options=mini.options(project))


def test_a_seed_in_parts_is_one_table(home: Home, tmp_path: Path) -> None:
    project = mini.make_project(tmp_path / "parts")
    (project / "seeds" / "net").mkdir()
    (project / "seeds" / "net" / "rule__net.csv").write_text(
        "rule_code,value,status\nc,3,verified\n", "utf-8"
    )
    assert model_vars(project, mini.SOURCES)["seed_parts"] == {"rule": ["seeds/net/rule__net.csv"]}
    build_and_publish(home, options=mini.options(project))
    with reading.connect(home) as con:
        assert con.execute("select rule_code, value from rule order by 1").fetchall() == [
            ("a", 1), ("b", 2), ("c", 3),
        ]  # fmt: skip
        names = {r[0] for r in con.execute("select table_name from duckdb_tables()").fetchall()}
    assert "rule" in names and not {n for n in names if n.startswith("rule__")}


def test_a_project_is_parsed_once_for_each_of_its_states(home: Home, tmp_path: Path) -> None:
    project = mini.make_project(tmp_path / "parsed")

    def built(as_of: str) -> tuple[Path, str]:
        build_and_publish(home, as_of=as_of, options=mini.options(project))
        with reading.connect(home) as con:
            row = con.execute("select min(policy_version) from fct_indicator_value").fetchone()
        assert row is not None
        (kept,) = (home.work / "dbt" / "parsed").iterdir()
        return kept, row[0]

    first, told = built("2026-03-03 08:00:00")
    made = first.stat().st_mtime_ns
    assert told == "2026-03-03 08:00:00"
    second, told = built("2026-03-04 08:00:00")  # as_of is no part of what was parsed
    assert (second, second.stat().st_mtime_ns, told) == (first, made, "2026-03-04 08:00:00")
    second.write_bytes(second.read_bytes()[:-1000])  # one that cannot be read is made anew
    third, told = built("2026-03-05 08:00:00")
    assert (third, told) == (first, "2026-03-05 08:00:00") and third.stat().st_mtime_ns != made
    model = project / "models" / "core" / "fct_indicator_value.sql"
    model.write_text(model.read_text("utf-8").replace("'{{ var", "'as of {{ var"), "utf-8")
    changed, told = built("2026-03-05 08:00:00")
    assert changed != first and told == "as of 2026-03-05 08:00:00"


def test_dbt_without_a_project_says_so(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no dbt project"):
        run_dbt(["build"], home, project_dir=tmp_path)


def test_second_copy_is_turned_away_with_code_6(tmp_path: Path) -> None:
    home = Home(tmp_path).ensure()
    other = (
        "import sys, time; from extract.home import home; from warehouse.lock import build_lock\n"
        "with build_lock(home(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", other, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with pytest.raises(Locked, match=f"process {process.pid}, since 20") as caught, build_lock(home):
            pass
        assert caught.value.exit_code == 6
    finally:
        process.kill()
        process.wait()
    with build_lock(home):  # the kernel gave the killed one's lock back
        pass


def test_release_id_depends_on_the_inputs_alone(home: Home, mini_project: Path) -> None:
    first = read_inputs(home, mini.SOURCES, mini.AS_OF, "official", project_dir=mini_project)
    again = read_inputs(home, mini.SOURCES, mini.AS_OF, "official", project_dir=mini_project)
    assert first.release_id == again.release_id
    assert first.release_id.startswith("20260303-0800-")
    later = read_inputs(home, mini.SOURCES, "2026-03-03 09:00:00", "official", project_dir=mini_project)
    assert later.inputs_hash == first.inputs_hash and later.release_id != first.release_id
    mini.fill(home, bump=1)
    more = read_inputs(home, mini.SOURCES, mini.AS_OF, "official", project_dir=mini_project)
    assert more.inputs_hash != first.inputs_hash


def test_skip_only_on_the_same_day_with_the_same_inputs(mini_release: Home, mini_project: Path) -> None:
    options = mini.options(mini_project)
    again = build_and_publish(mini_release, options=options)
    assert again.state == "unchanged"
    later = unchanged(mini_release, gather(mini_release, mini.options(mini_project)))
    assert later is not None and later.state == "unchanged"
    from dataclasses import replace

    next_day = gather(mini_release, replace(options, as_of="2026-03-04 08:00:00"))
    assert unchanged(mini_release, next_day) is None
    other_mode = gather(mini_release, replace(options, scheme_mode="illustrative"))
    assert unchanged(mini_release, other_mode) is None


def test_failed_test_keeps_candidate_and_pointer(home: Home, tmp_path: Path) -> None:
    project = mini.make_project(tmp_path / "p")
    good = build_and_publish(home, options=mini.options(project))
    mini.load(home, mini.READING, [("P1", "2026-03-03 01:00:00", "-1000")], day=date(2026, 3, 3))
    with pytest.raises(AuditFailed, match="row_holds") as caught:
        build_and_publish(home, options=mini.options(project))
    assert caught.value.exit_code == 5
    assert reading.current_folder(home).name == good.release_id
    kept = list(home.releases.glob("candidate-*"))
    assert len(kept) == 1 and (kept[0] / "build.duckdb").exists()
    assert kept[0].stat().st_mode & 0o777 == 0o750
    told = json.loads((kept[0] / "quality.json").read_text("utf-8"))["critical"]
    assert any(c["check"] == "dbt_test" and c["count"] == 1 for c in told)
    assert "未发布" in (kept[0] / "quality.html").read_text("utf-8")


def test_personal_fields_in_open_tables_block(home: Home, tmp_path: Path) -> None:
    project = mini.make_project(tmp_path / "p")
    (project / "models" / "core" / "person_open.sql").write_text(
        "-- grain: order_no\nselect order_no, phone as contact, phone from {{ source('raw', 'person_mini') }}\n"
    )
    with pytest.raises(AuditFailed, match="privacy"):
        build_and_publish(home, options=mini.options(project))
    told = json.loads(next(home.releases.glob("candidate-*/audit.json")).read_text("utf-8"))["critical"]
    assert {(c["check"], c["column"]) for c in told} == {
        ("privacy_column", "phone"),
        ("privacy_phone", "contact"),
    }
    assert "13800000000" not in json.dumps(told)


def test_dirty_data_is_a_finding(home: Home, mini_project: Path) -> None:
    mini.load(home, mini.READING, [("P1", "2026-03-03 01:00:00", "950")], day=date(2026, 3, 3))
    done = build_and_publish(home, options=mini.options(mini_project))
    assert done.state == "published"
    quality = json.loads((done.folder / "quality.json").read_text("utf-8"))
    assert [f["count"] for f in quality["findings"] if f["check"] == "dbt_test"] == [1]
    assert quality["unverified"] == [{"table": "rule", "title_zh": "", "status": "unverified", "count": 1}]
    assert [s["is_conserved"] for s in quality["sources"]] == [True] * 3


def test_replay_gives_the_old_content_again(home: Home, tmp_path: Path) -> None:
    project = mini.make_project(tmp_path / "p")
    first = build_and_publish(home, options=mini.options(project))
    mini.fill(home, bump=7)
    second = build_and_publish(home, options=mini.options(project))
    assert second.release_id != first.release_id
    replayed = build_and_publish(home, options=mini.options(project, like=first.release_id))
    assert replayed.release_id == first.release_id
    assert reading.current_folder(home).name == first.release_id


def test_hash_is_free_of_order_and_tells_null_from_empty() -> None:
    with duckdb.connect() as con:
        con.execute(
            "create table a as select * from (values (1, 'x', 1.50::decimal(9,2)), (2, null, 2)) t(i, s, d)"
        )
        con.execute("create table b as select d, s, i from a order by i desc")
        con.execute("create table c as select i, coalesce(s, '') as s, d from a")
        con.execute("create table d2 as select * from a union all select * from a")
        same, other, nulls, twice = (table_hash(con, t) for t in ("a", "b", "c", "d2"))
        assert same.digest == other.digest and same.rows == 2
        assert len({same.digest, nulls.digest, twice.digest}) == 3
        con.execute(
            "create table m as select date '2026-03-01' as month, 1 as v union all select date '2026-04-01', 2"
        )
        before = table_hash(con, "m").months
        con.execute("update m set v = 3 where v = 2")
        after = table_hash(con, "m").months
        assert before["2026-03-01"] == after["2026-03-01"] and before["2026-04-01"] != after["2026-04-01"]


@pytest.mark.parametrize(
    ("text", "full"),
    [("2026-03-01", "2026-03-01 00:00:00"), ("2026-03-01T08:30", "2026-03-01 08:30:00")],
)
def test_as_of_is_read_in_full(tmp_path: Path, text: str, full: str) -> None:
    assert parse_as_of(text, Home(tmp_path)) == full


def test_as_of_that_is_no_time_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        parse_as_of("yesterday", Home(tmp_path))
    assert caught.value.exit_code == 2


def test_no_key_leaves_hashes_null_and_warns(
    home: Home, mini_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(os.environ, "JIANHU_HASH_KEY", raising=False)
    done = build_and_publish(home, options=mini.options(mini_project))
    assert any("JIANHU_HASH_KEY" in w for w in done.warnings)
    with reading.connect(home) as con:
        assert con.execute("select count(phone_hash), count(*) from person_open").fetchone() == (0, 2)
