"""Loads: identity, sequence, whole or none, and the ledger that is nothing but the manifests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.gate import Suite
from extract import landing, ledger
from extract.door import Door, raw_schema
from extract.errors import LoadRefused
from extract.home import REPO, Home
from extract.readers.base import REJECT_COLUMNS, Parsed, Payload, Slice
from extract.source import Column, SliceSpec, Source, get_source, load_sources

PLAIN = Source(
    name="t_plain", description="d", name_zh="试", provider="p", owner="o", schedule="0 1 * * *", freshness_hours=24,
    reader="files", slice=SliceSpec(kind="interval", window="day"), natural_key=["code", "at"], feeds="reference",
    columns=[
        Column(name="code", data_type="varchar", description="编码", required=True),
        Column(name="at", data_type="timestamp", description="时间", required=True),
        Column(name="value", data_type="decimal(18,6)", description="值", parse="measurement"),
    ],
)  # fmt: skip
ROWS = [
    ("a", "2026-01-01 01:00", "1.5"),
    ("b", "2026-01-01 24:00", "<0.05"),
    ("c", "2026-02-30", "2"),
    ("d", "2026.1.1", ""),
]


def parsed_of(rows, chunks: int = 1) -> Parsed:
    n = len(rows)
    table = pa.table(
        {
            "_row_no": pa.array(range(1, n + 1), pa.int64()),
            "_col": pa.nulls(n, pa.string()),
            **{c: pa.array([r[i] for r in rows], pa.string()) for i, c in enumerate(("code", "at", "value"))},
        }
    )
    if chunks > 1:
        table = pa.concat_tables([table.slice(i, 1) for i in range(n)])
    return Parsed(table, records_in=n)


def put(home: Home, tmp: Path, rows, day: int = 1, part: str = "", source: Source = PLAIN, kind: str = "x"):
    file = tmp / "payload.csv"
    file.write_text(kind + repr(rows), "utf-8")
    s = Slice(source.name, part, date(2026, 1, day), date(2026, 1, day + 1))
    payload = Payload(s, "payload.csv", file, datetime(2026, 1, 5, 8))
    parsed = parsed_of(rows)
    verdict = Door(source, Suite(source=source.name, expectations=[])).check([parsed])[0]
    return landing.commit(home, source, payload, parsed, verdict)


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home").ensure()


def test_rows_and_rejected_rows_add_up_and_keep_the_text(home, tmp_path):
    load = put(home, tmp_path, ROWS).load
    rows = pq.read_table(load.path / "rows.parquet")
    rejected = pq.read_table(load.path / "rejected.parquet").to_pylist()
    assert rows.schema.equals(raw_schema(PLAIN))
    assert rows["at"].to_pylist() == [datetime(2026, 1, 1, 1), datetime(2026, 1, 2), datetime(2026, 1, 1)]
    assert rows["at_as_sent"].to_pylist() == ["2026-01-01 01:00", "2026-01-01 24:00", "2026.1.1"]
    assert rows["value_qualifier"].to_pylist() == [None, "<", None]
    assert rows["_null_reason"].to_pylist() == [None, None, "blank"]
    assert [(r["_row_no"], r["check_id"], r["column_name"], r["rejected_value"]) for r in rejected] == [
        (3, "impossible_time", "at", "2026-02-30")
    ]
    assert rejected[0]["code"] == "c" and "2026-02-30" in rejected[0]["reason_zh"]
    m = load.manifest
    assert (m["records_in"], m["rows_in"], m["rows_loaded"], m["rows_rejected"]) == (4, 4, 3, 1)


def test_reader_rejects_count_and_are_kept(home, tmp_path):
    parsed = parsed_of(ROWS[:2])
    told = dict.fromkeys(REJECT_COLUMNS, "cut_line")
    parsed.rejects = pa.Table.from_pylist([{"_row_no": 3, "_col": None, "code": "c", **told}])
    verdict = Door(PLAIN, Suite(source="t_plain", expectations=[])).check([parsed])[0]
    assert (verdict.rows.num_rows, verdict.rejected.num_rows) == (2, 1)
    assert verdict.rejected["check_id"].to_pylist() == ["cut_line"]
    assert verdict.rejected["code"].to_pylist() == ["c"]


def test_a_duplicate_key_keeps_the_first_and_is_judged_on_the_typed_key():
    rows = [
        ("a", "2026-01-01 00:00", "1"),
        ("a", "2026.1.1", "2"),
        ("a ", "2025-12-31 24:00", "3"),
        ("a", "bad", "4"),
    ]
    verdict = Door(PLAIN, Suite(source="t_plain", expectations=[])).check([parsed_of(rows)])[0]
    assert verdict.rows["_row_no"].to_pylist() == [1]
    assert verdict.rejected["check_id"].to_pylist() == ["duplicate_key", "duplicate_key", "not_a_time"]


def test_a_rejected_row_claims_no_key():
    rows = [("a", "2026-01-01", "abc"), ("a", "2026-01-01", "2")]
    verdict = Door(PLAIN, Suite(source="t_plain", expectations=[])).check([parsed_of(rows)])[0]
    assert verdict.rows["_row_no"].to_pylist() == [2]


def test_arrivals_may_tell_a_key_twice_when_the_change_time_differs():
    source = PLAIN.model_copy(
        update={"slice": SliceSpec(kind="arrivals"), "natural_key": ["code"], "changed_at": ["at"]}
    )
    rows = [("a", "2026-01-01", "1"), ("a", "2026-01-02", "2"), ("a", "2026-01-02", "3")]
    verdict = Door(source, Suite(source="t_plain", expectations=[])).check([parsed_of(rows)])[0]
    assert verdict.rows["_row_no"].to_pylist() == [1, 2]


def test_one_verdict_does_not_depend_on_the_company(tmp_path):
    door = Door(PLAIN, Suite(source="t_plain", expectations=[]))
    other = [("a", "2026-01-01 01:00", "9"), ("z", "x", "1")]
    alone = door.check([parsed_of(ROWS)])[0]
    together = door.check([parsed_of(other), parsed_of(ROWS), parsed_of([])])[1]
    assert alone.rows.equals(together.rows) and alone.rejected.equals(together.rejected)


def test_the_id_is_a_function_of_the_rows_not_of_how_they_are_held():
    assert landing.rows_hash(PLAIN, parsed_of(ROWS)) == landing.rows_hash(PLAIN, parsed_of(ROWS, chunks=4))
    different = [
        [("a", "b", "c")], [("ab", "", "c")], [("a", None, "c")], [("a", "", "c")], [("a", "b", "c"), ("a", "b", "c")],
        [("", "ab", "c")],
    ]  # fmt: skip
    assert len({landing.rows_hash(PLAIN, parsed_of(r)) for r in different}) == len(different)


def test_the_same_rows_make_no_load_and_a_b_a_ends_with_a(home, tmp_path):
    a, b = ROWS, [*ROWS[:2], ("c", "2026-01-03", "2")]
    first = put(home, tmp_path, a)
    again = put(home, tmp_path, a, kind="one more line end")
    assert first.is_new and not again.is_new and again.load.load_id == first.load.load_id
    second = put(home, tmp_path, b)
    third = put(home, tmp_path, a)
    assert third.is_new and third.load.load_id == first.load.load_id
    assert [x.load.seq for x in (first, second, third)] == [1, 2, 3]
    table = ledger.ledger(home)
    assert table["seq"].to_pylist() == [1, 2, 3]
    assert ledger.winners(table, {"t_plain": PLAIN})["load_id"].to_pylist() == [first.load.load_id]


def test_files_of_a_load_repeat_byte_for_byte(tmp_path):
    def files(name):
        load = put(Home(tmp_path / name).ensure(), tmp_path, ROWS).load
        return {f.name: f.read_bytes() for f in load.path.iterdir()}

    assert files("one") == files("two")


def test_winners_follow_the_kind_of_slice(home, tmp_path):
    for day in (1, 2):
        put(home, tmp_path, ROWS, day=day)
        put(home, tmp_path, ROWS, day=day, part="乙")
    snapshot = PLAIN.model_copy(update={"slice": SliceSpec(kind="snapshot")})
    table = ledger.ledger(home)
    assert ledger.winners(table, {"t_plain": PLAIN}).num_rows == 4
    latest = ledger.winners(table, {"t_plain": snapshot})
    assert sorted(zip(latest["part"].to_pylist(), latest["window_start"].to_pylist(), strict=True)) == [
        ("", date(2026, 1, 2)), ("乙", date(2026, 1, 2))]  # fmt: skip
    assert ledger.winners(table, {}).num_rows == 0


def test_the_ledger_is_a_cache_that_may_be_lost_or_torn(home, tmp_path):
    put(home, tmp_path, ROWS)
    before = ledger.ledger(home)
    put(home, tmp_path, ROWS[:1], day=2)
    both = ledger.ledger(home)
    assert (before.num_rows, both.num_rows) == (1, 2)
    cache = home.work / "ledger.parquet"
    cache.unlink()
    assert ledger.ledger(home).equals(both)
    cache.write_bytes(b"torn")
    assert ledger.ledger(home).equals(both)
    manifest = next(home.landing.glob("t_plain/*/*/*/_load.json"))
    manifest.unlink()  # no manifest, no load, whatever the cache says
    assert ledger.ledger(home).num_rows == 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=90), st.text(max_size=90))
def test_slice_folders_are_safe_and_tell_parts_apart(one, two):
    names = [landing.slice_id(Slice("s", p)) for p in (one, two)]
    for name in names:
        assert len(name.encode()) <= 200 and "/" not in name and "\0" not in name and not name.startswith(".")
        assert name.encode("utf-8")
    assert (one == two) == (names[0] == names[1])


def test_chinese_parts_stay_readable():
    s = Slice("s", "柯岩街道/一季度.xlsx", date(2026, 1, 1), date(2026, 4, 1))
    assert landing.slice_id(s) == "20260101-20260401@柯岩街道%2F一季度.xlsx"


def test_a_refused_load_leaves_nothing(home, tmp_path):
    from extract.source import Volume

    with pytest.raises(LoadRefused):
        put(home, tmp_path, ROWS, source=PLAIN.model_copy(update={"volume": Volume(min_records=5)}))
    assert not list(home.landing.rglob("*.parquet"))


# a child that commits three loads and is killed at the named boundary
CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_landing_commit as t
home = t.Home(Path(sys.argv[1])).ensure()
for day in (1, 2, 3):
    t.put(home, Path(sys.argv[2]), t.ROWS, day=day)
"""


@pytest.mark.parametrize("boundary", landing.BOUNDARIES)
def test_a_kill_at_each_boundary_leaves_whole_loads_or_none(boundary, home, tmp_path):
    env = {**os.environ, "JIANHU_FAULT": f"{boundary}:2", "PYTHONPATH": str(REPO)}
    code = CHILD.format(tests=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", code, str(home.root), str(tmp_path)], env=env, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    expected = 2 if boundary in ("landing.load_renamed", "landing.committed") else 1
    assert ledger.ledger(home).num_rows == expected
    for load in home.landing.glob("t_plain/*/*/*"):
        _assert_whole(load)
    # the next run cleans up and finishes the work
    landing.clean_leftovers(home, "t_plain")
    assert not list((home.landing / ".writing").iterdir())
    made = [put(home, tmp_path, ROWS, day=day).is_new for day in (1, 2, 3)]
    assert made == [False, expected == 1, True]
    untouched = Home(tmp_path / "undisturbed").ensure()
    for day in (1, 2, 3):
        put(untouched, tmp_path, ROWS, day=day)
    keys = ["load_id", "seq", "slice_id", "rows_loaded", "rows_hash"]
    assert ledger.ledger(home).select(keys).equals(ledger.ledger(untouched).select(keys))


def _assert_whole(load: Path) -> None:
    manifest = json.loads((load / landing.MANIFEST).read_text("utf-8"))
    assert pq.read_table(load / "rows.parquet").num_rows == manifest["rows_loaded"]
    assert pq.read_table(load / "rejected.parquet").num_rows == manifest["rows_rejected"]
    unpacked = landing.stored_payload(landing.loads_of(load.parent)[-1], load.parents[5] / "unpacked")
    assert landing.sha256_of(unpacked.path) == manifest["payload_sha256"]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_cut_at_any_byte_of_the_writing_leaves_none(tmp_path_factory, data):
    """A commit's files stand in a temporary folder until all are whole: what a crash cuts there is never a load."""
    tmp = tmp_path_factory.mktemp("cut")
    home = Home(tmp / "home").ensure()
    whole = put(home, tmp, ROWS).load.path
    writing = home.landing / ".writing" / "t_plain@1-0"
    shutil.copytree(whole, writing)
    shutil.rmtree(whole)
    os.rename(writing / landing.MANIFEST, writing / (landing.MANIFEST + ".part"))
    file = data.draw(st.sampled_from(sorted(writing.iterdir())))
    os.truncate(file, data.draw(st.integers(0, file.stat().st_size)))
    assert ledger.ledger(home).num_rows == 0
    landing.clean_leftovers(home, "t_plain")
    assert put(home, tmp, ROWS).is_new and ledger.ledger(home).num_rows == 1


def test_every_declared_source_has_a_parse_version():
    versions = {n: s.parse_version for n, s in load_sources().items()}
    assert len(set(versions.values())) == len(versions)
    declared = get_source("energy").model_dump()

    def version(**changed):
        return Source(**{**declared, **changed}).parse_version

    assert version() == version(schedule="0 9 * * *") == versions["energy"]
    columns = [dict(c) for c in declared["columns"]]
    columns[2]["aliases"] = ["能耗"]
    assert version(columns=columns) != version()
