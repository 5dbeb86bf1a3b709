"""Explain on a miniature release made by hand: three work orders on two sheets, two of them closed within five days.

Everything below the release is real: a workbook, its reader, the door, landing. The figures are planted: 2 of 3 in time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from expectations.gate import Suite
from extract import landing
from extract.door import Door
from extract.errors import UsageError
from extract.home import Home
from extract.readers.base import Payload, Slice, get_reader
from extract.source import get_source
from warehouse import evidence
from warehouse.explain import Explainer
from warehouse.explain_cli import tree
from warehouse.explain_step import Step

HEADER = [
    "工单编号",
    "来源渠道",
    "诉求类型",
    "属地",
    "登记时间",
    "办结时间",
    "更新时间",
    "诉求内容",
    "诉求人",
    "联系电话",
]
# per sheet (town): the record number in a sheet is 2 for the first order on both, so only the sheet tells them apart
ORDERS = {
    "甲镇": [("A1", "2026-03-01 08:00", "2026-03-03 08:00"), ("A2", "2026-03-02 08:00", "2026-03-20 08:00")],
    "乙镇": [("B1", "2026-03-05 08:00", "2026-03-06 08:00")],
}
PHONE, PERSON = "13900001234", "某某人"
STG = (
    "select order_no as complaint_no, town_name, received_at, closed_at, _load_id, _row_no, _col "
    'from "b"."raw"."complaint_12345"'
)
CASE = (
    "select complaint_no as case_id, '3306' as subject_id, '2026-03' as period, received_at, closed_at, "
    'closed_at <= received_at + interval 5 day as is_in_time, _load_id, _row_no, _col from "b"."main"."stg_complaint_12345"'
)
IND = (
    "with counted as (select subject_id, period, count(*) as n, count(case when is_in_time then 1 end) as k "
    'from "b"."main"."fct_case" group by subject_id, period), '
    'areas as (select area_code from "b"."main"."dim_area") '
    "select 'complaint_handled_in_time_pct' as indicator_code, a.area_code as subject_id, '2026-03' as period, "
    "'default' as basis, cast(k * 100.0 / n as decimal(18, 6)) as value, coalesce(n, 0) as observed_count, "
    "case when n is null then '本期无工单' end as reason_zh "
    "from areas as a left join counted as c on a.area_code = c.subject_id"
)
UNION = 'select * from "b"."main"."ind_complaint"'


def _node(
    name: str, sql: str, parents: list[str], grain: str, meta: dict[str, Any], columns: dict[str, str]
) -> dict[str, Any]:
    return {
        "resource_type": "model", "name": name, "description": f"表 {name}。", "database": "b",
        "raw_code": f"-- grain: {grain}\n", "compiled_code": sql, "relation_name": f'"b"."main"."{name}"',
        "depends_on": {"nodes": parents}, "config": {"meta": meta},
        "columns": {c: {"description": d} for c, d in columns.items()},
    }  # fmt: skip


def _manifest(case_meta: dict[str, Any]) -> dict[str, Any]:
    lineage = {"_load_id": "装载编号", "_row_no": "记录号", "_col": "工作表"}
    of_case = {
        "parent": "fct_case",
        "on": {"subject_id": "subject_id", "period": "period"},
        "label_zh": "工单",
    }
    value = {"subject_id": "主体编号", "value": "数值"}
    key = "indicator_code × subject_id × period × basis"
    return {
        "sources": {"s": {"name": "complaint_12345", "relation_name": '"b"."raw"."complaint_12345"'}},
        "nodes": {
            "stg": _node("stg_complaint_12345", STG, ["s"], "complaint_no", {}, lineage),
            "area": _node("dim_area", "", [], "area_code", {}, {}),
            "case": _node("fct_case", CASE, ["stg"], "case_id", case_meta, lineage),
            "ind": _node("ind_complaint", IND, ["case", "area"], key, {"evidence": [of_case]}, value),
            "fact": _node("fct_indicator_value", UNION, ["ind"], key, {}, value),
        },
    }  # fmt: skip


def _land(home: Home, tmp: Path) -> str:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for town, orders in ORDERS.items():
        sheet = book.create_sheet(town)
        sheet.append(HEADER)
        for no, received, closed in orders:
            sheet.append(
                [no, "12345", "投诉", town, received, closed, closed, f"{PERSON}来电 {PHONE}", PERSON, PHONE]
            )
    file = tmp / "工单.xlsx"
    book.save(file)
    source = get_source("complaint_12345")
    payload = Payload(Slice(source.name, file.name), file.name, file, datetime(2026, 4, 1, 8))
    parsed = get_reader(source.reader).parse(source, payload)
    verdict = Door(source, Suite(source=source.name, expectations=[])).check([parsed])[0]
    return landing.commit(home, source, payload, parsed, verdict).load.load_id


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Home]:
    """A home with one load and one release; `value`: what the release says; `case_meta`: meta of fct_case."""

    def made(value: str = "66.666667", case_meta: dict[str, Any] | None = None, change: str = "") -> Home:
        home = Home(tmp_path / "home").ensure()
        load_id = _land(home, tmp_path)
        folder = home.releases / "r1"
        folder.mkdir()
        home.current.symlink_to("r1")
        models = evidence.collect(_manifest(case_meta or {}))
        (folder / "evidence.json").write_text(json.dumps(models, ensure_ascii=False), "utf-8")
        with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
            con.execute(
                "create table load_ledger as select ? as load_id, 'complaint_12345' as source, 1 as seq",
                [load_id],
            )
            con.execute(
                "create table dim_area as select * from (values ('3306', '试区', null), ('3399', '空区', null)) t(area_code, name_zh, valid_from)"
            )
            con.execute(
                "create table dim_indicator as select 'complaint_handled_in_time_pct' as indicator_code, '按期办结率' as name_zh, '%' as unit_symbol, 'c1' as clause_id"
            )
            con.execute(
                "create table dim_clause as select 'c1' as clause_id, '信访工作条例' as standard_no, '第三十四条' as clause, '办结期限' as title_zh, date '2022-05-01' as valid_from, null::date as repealed_on, 'verified' as status"
            )
            rows = [
                (no, received, closed, in_time, load_id, row_no, town)
                for (town, orders), flags in zip(ORDERS.items(), ((True, False), (True,)), strict=True)
                for row_no, ((no, received, closed), in_time) in enumerate(zip(orders, flags, strict=True), 2)
            ]
            con.execute(
                "create table fct_case (case_id varchar, subject_id varchar, period varchar, received_at timestamp, closed_at timestamp, is_in_time boolean, _load_id varchar, _row_no bigint, _col varchar)"
            )
            con.executemany("insert into fct_case values (?, '3306', '2026-03', ?, ?, ?, ?, ?, ?)", rows)
            con.execute(
                "create table ind_complaint as select * from (values ('complaint_handled_in_time_pct', '3306', '2026-03', 'default', cast(? as decimal(18, 6)), 3::bigint, null::varchar), "
                "('complaint_handled_in_time_pct', '3399', '2026-03', 'default', null, 0, '本期无工单')) t(indicator_code, subject_id, period, basis, value, observed_count, reason_zh)",
                [value],
            )
            con.execute("create table fct_indicator_value as from ind_complaint")
            if change:
                con.execute(change)
        return home

    return made


def explained(home: Home, subject: str = "3306") -> Step:
    return Explainer(home, home.releases / "r1").start("complaint_handled_in_time_pct", subject, "2026-03")


def by_model(step: Step) -> dict[str, Step]:
    return {s.model: s for s in step.walk()}


def run(home: Home, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "warehouse.cli", "explain", *args], capture_output=True, text=True, check=False,
        env={**os.environ, "JIANHU_HOME": str(home.root), "COLUMNS": "160"},
    )  # fmt: skip


def test_a_value_is_recomputed_down_to_the_payload(make):
    step = explained(make())
    assert [s.model for s in step.walk()] == [
        "fct_indicator_value",
        "ind_complaint",
        "fct_case",
        "stg_complaint_12345",
    ]
    assert [s.recomputed for s in step.walk()] == ["agrees", "agrees", "agrees", ""]
    assert not step.has_failed
    records = by_model(step)["stg_complaint_12345"].records
    assert len(records) == 3 and all(r["agrees"] for r in records)
    # record 2 stands on both sheets: the sheet tells which order is meant
    told = {(r["row_no"], r["col"]): r["record"]["order_no"] for r in records}
    assert told == {(2, "甲镇"): "A1", (3, "甲镇"): "A2", (2, "乙镇"): "B1"}
    assert {r["payload_name"] for r in records} == {"工单.xlsx"}


def test_the_clause_stands_with_the_value(make):
    clauses = by_model(explained(make()))["ind_complaint"].clauses
    assert [(c["standard_no"], c["clause"], c["title_zh"]) for c in clauses] == [
        ("信访工作条例", "第三十四条", "办结期限")
    ]


def test_personal_data_is_never_shown(make):
    home = make()
    told = json.dumps(explained(home).as_dict(), ensure_ascii=False)
    shown = run(home, "complaint_handled_in_time_pct", "试区", "2026-03").stdout
    for text in (told, shown):
        assert PHONE not in text and PERSON not in text
        assert "个人信息，不显示" in text


def test_a_changed_value_differs_and_is_an_error(make):
    home = make(value="70")
    steps = by_model(explained(home))
    assert steps["ind_complaint"].recomputed.startswith("differs (1 of 1 rows): indicator_code=")
    assert steps["fct_case"].recomputed == "agrees"
    done = run(home, "complaint_handled_in_time_pct", "3306", "2026-03")
    assert done.returncode == 1 and "不一致" in done.stdout and "Traceback" not in done.stderr


def test_a_value_changed_in_the_union_only_differs_there(make):
    steps = by_model(
        explained(make(change="update fct_indicator_value set value = 1 where subject_id = '3306'"))
    )
    assert steps["fct_indicator_value"].recomputed.startswith("differs")
    assert steps["ind_complaint"].recomputed == "agrees"


def test_a_fact_changed_together_with_its_value_differs_from_what_was_sent(make):
    home = make(
        value="100",
        change="update fct_case set is_in_time = true, closed_at = '2026-03-04 08:00' where case_id = 'A2'",
    )
    steps = by_model(explained(home))
    assert steps["ind_complaint"].recomputed == "agrees"
    assert steps["fct_case"].recomputed.startswith("differs (1 of 3 rows): case_id=A2")


def test_a_row_that_is_left_out_of_the_evidence_differs(make):
    steps = by_model(explained(make(change="delete from fct_case where case_id = 'B1'")))
    assert steps["ind_complaint"].recomputed.startswith("differs")


def test_landing_that_no_longer_says_what_was_sent_is_an_error(make):
    home = make()
    rows = next(home.landing.rglob("rows.parquet"))
    with duckdb.connect() as con:
        con.execute(f"create table t as select * replace ('投诉X' as purpose) from '{rows}'")
        rows.unlink()
        con.execute(f"copy t to '{rows}' (format parquet)")
    step = explained(home)
    assert step.has_failed
    assert not any(r["agrees"] for r in by_model(step)["stg_complaint_12345"].records)


def test_without_the_right_to_landing_the_trail_says_where_it_ends(make, monkeypatch):
    home = make()

    def refused(_: Home) -> Any:
        raise PermissionError("landing")

    monkeypatch.setattr(landing, "ledger", refused)
    step = explained(home)
    steps = by_model(step)
    assert steps["ind_complaint"].recomputed == "agrees"
    assert "restricted group" in steps["fct_case"].recomputed
    ends = steps["fct_case"].records
    assert {(r["row_no"], r["col"]) for r in ends} == {(2, "甲镇"), (3, "甲镇"), (2, "乙镇")}
    assert all("restricted group" in r["ends_here"] and len(r["load_id"]) == 16 for r in ends)
    assert not step.has_failed


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_landing_folder_is_noticed(make):
    home = make()
    home.landing.chmod(0)
    try:
        assert "restricted group" in by_model(explained(home))["fct_case"].recomputed
    finally:
        home.landing.chmod(0o750)


def test_a_load_that_was_taken_out_of_landing_is_named(make):
    home = make()
    for file in home.landing.rglob("*"):
        if file.is_file():
            file.unlink()
    steps = by_model(explained(home))
    assert steps["ind_complaint"].recomputed == "agrees"
    assert {r["ends_here"] for r in steps["fct_case"].records} == {
        "this load is not in the landing of this home"
    }


def test_a_value_with_nothing_behind_it_is_held_against_the_whole_release(make):
    step = by_model(explained(make(), "3399"))["ind_complaint"]
    assert step.recomputed.startswith("agrees (no rows stand behind it")
    assert step.ends_zh == "本期无工单" and not step.below


def test_nothing_behind_it_but_a_value_differs(make):
    home = make(change="update ind_complaint set value = 100 where subject_id = '3399'")
    assert by_model(explained(home, "3399"))["ind_complaint"].recomputed.startswith("differs (1 of 1 rows)")


def test_a_model_may_say_how_it_is_recomputed(make):
    link = {
        "parent": "stg_complaint_12345",
        "on": {"_load_id": "_load_id", "_row_no": "_row_no", "_col": "_col"},
    }
    again = "select complaint_no as case_id, closed_at from {parent}"
    assert (
        by_model(explained(make(case_meta={"evidence": [link], "recompute": again})))["fct_case"].recomputed
        == "agrees"
    )


def test_a_model_that_says_it_wrongly_differs(make):
    link = {
        "parent": "stg_complaint_12345",
        "on": {"_load_id": "_load_id", "_row_no": "_row_no", "_col": "_col"},
    }
    again = (
        "select complaint_no as case_id, closed_at + interval 1 day as closed_at from {stg_complaint_12345}"
    )
    steps = by_model(explained(make(case_meta={"evidence": [link], "recompute": again})))
    assert steps["fct_case"].recomputed.startswith("differs (3 of 3 rows)")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (("air_pm25_mean_ug_m3", "3306", "2026-03"), "knows no indicator or index"),
        (("complaint_handled_in_time_pct", "3306", "2025-01"), "periods of this subject: 2026-03"),
        (("complaint_handled_in_time_pct", "9999", "2026-03"), "subjects of this period: 3306, 3399"),
        (("complaint_handled_in_time_pct", "3306", "2026-03", "regime_2012"), "(--basis): default"),
    ],
)
def test_a_cell_that_does_not_exist_says_what_there_is(make, cell, told):
    home = make()
    with pytest.raises(UsageError) as e:
        Explainer(home, home.releases / "r1").start(*cell)
    assert told in str(e.value)


def test_an_unknown_number_is_wrong_use_without_a_traceback(make):
    done = run(make(), "no_such", "3306", "2026-03")
    assert done.returncode == 2 and "no_such" in done.stderr and "Traceback" not in done.stderr


def test_json_holds_every_row_and_record(make):
    done = run(make(), "complaint_handled_in_time_pct", "3306", "2026-03", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    case = told["below"][0]["below"][0]
    assert (told["model"], told["recomputed"], told["rows"][0]["value"]) == (
        "fct_indicator_value",
        "agrees",
        "66.666667",
    )
    assert (case["model"], case["row_count"], len(case["below"][0]["records"])) == ("fct_case", 3, 3)
    assert case["below"][0]["rows"] == []  # rows of staging are used, not shown


def test_the_tree_is_short_and_chinese(make):
    from rich.console import Console

    console = Console(width=160, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    console.print(tree(explained(make()), rows=1))
    text = console.export_text()
    assert "条款 《办结期限》信访工作条例 第三十四条" in text
    assert "数值=66.666667" in text and "复算一致" in text
    assert "… 另有 2 行" in text and "原始记录共 3/3 条，3 条与落地一致" in text
    assert len(text.splitlines()) < 20
