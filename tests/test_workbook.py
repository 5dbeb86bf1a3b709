"""The workbook writer alone: formula injection, completeness, clipping, equal bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from exports.spec import ChartSpec, ColumnSpec, Export, ExportSpec, SheetSpec
from exports.workbook import MAX_TEXT, write
from extract.errors import UserError

RELEASE = {
    "id": "20260405-0800-00000000",
    "as_of": "2026-04-05 08:00:00",
    "scheme_mode": "official",
    "warnings": [],
}
RISKY = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+86",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "https://a.example/",
    "平水镇",
]


def export(**more: Any) -> Export:
    sheet = SheetSpec(
        title="表", mart="rpt_x", order_by="n",
        columns=[ColumnSpec(name="n", header="序"), ColumnSpec(name="name_zh", header="名称")], **more,
    )  # fmt: skip
    spec = ExportSpec(title_zh="试表", audience="bureau", scope_notes=["口径"], sheets=[sheet])
    return Export(name="x", description="d", depends_on=["rpt_x"], spec=spec)


def mart(names: list[str]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create table rpt_x (n int, name_zh varchar, status varchar)")
    con.executemany("insert into rpt_x values (?, ?, 'adopted')", list(enumerate(names)))
    return con


def test_no_text_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    path = write(export(), mart(RISKY), RELEASE, "2026-Q1", tmp_path)
    sheet = openpyxl.load_workbook(path)["表"]
    cells = [sheet.cell(4 + i, 2) for i in range(len(RISKY))]
    assert [c.data_type for c in cells] == ["s"] * len(RISKY)
    # a carriage return is stored in the escape that Excel reads (ECMA-376, ST_Xstring)
    assert [c.value.replace("_x000D_", "\r") for c in cells] == RISKY
    assert [bool(c.quotePrefix) for c in cells] == [True] * 7 + [False] * 2
    with zipfile.ZipFile(path) as z:
        sheets = b"".join(z.read(n) for n in z.namelist() if n.startswith("xl/worksheets"))
    assert b"<f>" not in sheets and b"<hyperlink" not in sheets


def test_complete_or_refused(tmp_path: Path) -> None:
    whole = [f"镇{i}" for i in range(16)]
    write(export(expect_rows=16), mart(whole), RELEASE, "2026-Q1", tmp_path / "a")
    with pytest.raises(UserError, match=r"15 rows where 16 are due.*complete or refused"):
        write(export(expect_rows=16), mart(whole[:15]), RELEASE, "2026-Q1", tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


def test_a_chart_draws_the_rows_that_it_names_and_they_stand_together(tmp_path: Path) -> None:
    def charted(where: str) -> list[ChartSpec]:
        return [ChartSpec(type="column", title="数", category="name_zh", values=["n"], where=where)]

    names = ["甲镇", "乙镇", "丙镇", "柯桥区"]
    path = write(export(charts=charted("name_zh like '%镇'")), mart(names), RELEASE, "2026-Q1", tmp_path)
    (chart,) = openpyxl.load_workbook(path)["表图"]._charts
    assert chart.series[0].val.numRef.f.replace("'", "") == "表!$A$4:$A$6"
    with pytest.raises(UserError, match=r"chart '数' do not stand together"):
        write(export(charts=charted("n in (0, 2)")), mart(names), RELEASE, "2026-Q1", tmp_path / "b")


def test_nothing_is_clipped(tmp_path: Path) -> None:
    write(export(), mart(["长" * MAX_TEXT]), RELEASE, "2026-Q1", tmp_path / "a")
    with pytest.raises(UserError, match=f"{MAX_TEXT + 1} characters"):
        write(export(), mart(["长" * (MAX_TEXT + 1)]), RELEASE, "2026-Q1", tmp_path / "b")
    assert list((tmp_path / "b").iterdir()) == []


def test_equal_content_is_equal_bytes_and_unsettled_rules_make_a_trial_copy(tmp_path: Path) -> None:
    one = write(export(status_column="status"), mart(["甲"]), RELEASE, "2026-Q1", tmp_path / "a")
    two = write(export(status_column="status"), mart(["甲"]), RELEASE, "2026-Q1", tmp_path / "b")
    assert one.read_bytes() == two.read_bytes() and one.name == "x_2026-Q1.xlsx"
    con = mart(["甲"])
    con.execute("update rpt_x set status = 'illustrative'")
    trial = write(export(status_column="status"), con, RELEASE, "2026-Q1", tmp_path / "c")
    assert trial.name == "x_2026-Q1_试算.xlsx"
    book = openpyxl.load_workbook(trial)
    for sheet in book.worksheets:
        assert any("示意权重，非官方" in str(c.value) for row in sheet.iter_rows() for c in row), sheet.title
