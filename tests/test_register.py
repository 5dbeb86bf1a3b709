"""Templates out, workbooks in, and the annotated workbook back."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
import typer
import xlwt
from typer.testing import CliRunner

from extract import templates
from extract.errors import LoadRefused, UsageError
from extract.readers.base import Parsed, Payload, Request
from extract.readers.register import RegisterReader, annotate
from extract.source import get_source, load_sources
from extract.templates import DATA_SHEET, META_SHEET, header_of, make_template, template_version

REGISTERS = [n for n, s in load_sources().items() if s.reader == "register"]
ROW = {
    "town_name": "安昌街道",
    "period": "2026",
    "forest_cover_pct": 41.25,
    "input_basis": "部门核定",
    "input_body": "林业站",
}


def fill(path: Path, *rows: dict[str, Any], name: str = "forest") -> Path:
    """Fill rows in below the template's example, as an office would."""
    book = openpyxl.load_workbook(path)
    page = book[DATA_SHEET]
    for n, row in enumerate(rows, 5):
        for i, column in enumerate(get_source(name).columns, 2):
            if column.name in row:
                page.cell(n, i).value = row[column.name]
    book.save(path)
    return path


def read(path: Path, name: str = "forest") -> tuple[Payload, Parsed]:
    reader, source = RegisterReader(), get_source(name)
    (payload,) = reader.fetch(source, Request(files=(str(path),)), path.parent / "work")
    return payload, reader.parse(source, payload)


@pytest.mark.parametrize("name", REGISTERS)
def test_a_template_reads_back_and_its_example_is_no_row(name: str, tmp_path: Path) -> None:
    source = get_source(name)
    path = make_template(source, tmp_path / "t.xlsx", sender="林业站", period="2026")
    payload, empty = read(path, name)
    assert payload.slice.part == "林业站 2026" and empty.records_in == 0 == empty.table.num_rows
    texts = {c.name: "1" for c in source.columns}
    _, got = read(fill(path, texts, name=name), name)
    assert got.table.num_rows == 1
    assert all(got.table[c.name].to_pylist() == ["1"] for c in source.columns)  # every header is understood
    assert got.table["_row_no"].to_pylist() == [5]


def test_template_bytes_repeat_and_hold_lists_notes_and_meta(tmp_path: Path) -> None:
    source = get_source("forest")
    one = make_template(source, tmp_path / "a.xlsx", sender="=cmd()", period="2026")
    two = make_template(source, tmp_path / "b.xlsx", sender="=cmd()", period="2026")
    assert one.read_bytes() == two.read_bytes()
    book = openpyxl.load_workbook(one)
    assert book[META_SHEET].sheet_state == "hidden"
    meta = {r[0].value: r[1].value for r in book[META_SHEET].iter_rows()}
    assert meta["source"] == "forest" and meta["version"] == template_version(source)
    page = book[DATA_SHEET]
    assert page.freeze_panes == "C4" and page["B2"].value == "=cmd()" and page["B2"].data_type == "s"
    assert [page.cell(3, i).value for i in range(2, 5)] == [header_of(c) for c in source.columns[:3]]
    assert all(page.cell(3, i + 2).comment for i in range(len(source.columns)))
    lists = [v for v in page.data_validations.dataValidation if v.type == "list"]
    assert lists and len(templates.towns()) == 16
    with zipfile.ZipFile(one) as z:
        assert b"<f>" not in b"".join(z.read(n) for n in z.namelist() if n.startswith("xl/worksheets/sheet"))


def test_only_registers_have_templates(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="forest"):
        make_template(get_source("air_bulletin_hourly"), tmp_path / "x.xlsx")


def test_another_version_is_refused_naming_both(tmp_path: Path) -> None:
    path = fill(make_template(get_source("forest"), tmp_path / "t.xlsx", sender="林业站"), ROW)
    book = openpyxl.load_workbook(path)
    book[META_SHEET]["B2"].value = "0badc0de"
    book.save(path)
    with pytest.raises(LoadRefused) as e:
        read(path)
    assert "0badc0de" in str(e.value) and template_version(get_source("forest")) in str(e.value)
    assert "jianhu template forest" in e.value.todo


def test_another_registers_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadRefused, match="is for wetland"):
        read(make_template(get_source("wetland"), tmp_path / "t.xlsx", sender="林业站"))


def test_a_workbook_without_template_is_refused_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = get_source("forest")
    book = openpyxl.Workbook()
    book.active.append([header_of(c) for c in source.columns])
    book.active.append([ROW.get(c.name) for c in source.columns])
    book.save(tmp_path / "bare.xlsx")
    with pytest.raises(LoadRefused, match="not made by the template"):
        read(tmp_path / "bare.xlsx")
    lenient = source.model_copy(update={"options": {**source.options, "sender_required": False}})
    reader = RegisterReader()
    (payload,) = reader.fetch(lenient, Request(files=(str(tmp_path / "bare.xlsx"),)), tmp_path / "w")
    assert payload.slice.part == "bare.xlsx"
    assert reader.parse(lenient, payload).table["town_name"].to_pylist() == ["安昌街道"]


def test_the_sender_may_be_told_in_the_sheet_and_must_be_told(tmp_path: Path) -> None:
    path = fill(make_template(get_source("forest"), tmp_path / "t.xlsx"), ROW)
    with pytest.raises(LoadRefused, match="does not name its sender"):
        read(path)
    book = openpyxl.load_workbook(path)
    book[DATA_SHEET]["B2"].value, book[DATA_SHEET]["D2"].value = "安昌街道", "2026"
    book.save(path)
    payload, got = read(path)
    assert payload.slice.part == "安昌街道 2026" and got.table.num_rows == 1


def test_cut_workbook_is_refused(tmp_path: Path) -> None:
    path = make_template(get_source("forest"), tmp_path / "t.xlsx", sender="林业站")
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(LoadRefused, match="cut or damaged"):
        read(path)


def test_hidden_rows_are_read_and_said(tmp_path: Path) -> None:
    path = fill(
        make_template(get_source("forest"), tmp_path / "t.xlsx", sender="林业站"),
        ROW,
        {**ROW, "town_name": "钱清街道"},
    )
    book = openpyxl.load_workbook(path)
    book[DATA_SHEET].row_dimensions[6].hidden = True
    book.save(path)
    _, got = read(path)
    assert got.table["town_name"].to_pylist() == ["安昌街道", "钱清街道"]
    assert any("1 hidden rows" in n for n in got.notes)


def test_rejected_rows_come_back_marked_and_harmless(tmp_path: Path) -> None:
    source = get_source("forest")
    bad = {
        **ROW,
        "town_name": '=HYPERLINK("http://x","点我")',
        "forest_cover_pct": "约四成",
        "input_document": "+1",
    }
    path = fill(make_template(source, tmp_path / "t.xlsx", sender="林业站"), ROW, bad)
    rejected = pa.table(
        {
            "_row_no": [6, 6],
            "column_name": ["forest_cover_pct", "town_name"],
            "reason_zh": ["森林覆盖率应为数字", "=镇街必填"],
        }
    )
    back = annotate(source, path, rejected, tmp_path / "back" / "t.xlsx")
    page = openpyxl.load_workbook(back)[DATA_SHEET]
    headers = {page.cell(3, i).value: i for i in range(1, page.max_column + 1)}
    reason = page.cell(6, headers["原因"])
    assert reason.value == "森林覆盖率应为数字；=镇街必填" and page.cell(5, headers["原因"]).value is None
    marked = {h for h, i in headers.items() if page.cell(6, i).fill.fgColor.rgb == "00FFC7CE"}
    assert marked == {"森林覆盖率（%）", "镇街"}
    assert all(c.data_type != "f" for row in page.iter_rows() for c in row)
    assert page.cell(6, headers["依据文件"]).quotePrefix and page.cell(6, headers["镇街"]).quotePrefix
    # the workbook can be mended and sent again: one reason column, and still a workbook of its template
    twice = annotate(source, back, rejected.slice(0, 1), tmp_path / "twice.xlsx")
    again = openpyxl.load_workbook(twice)[DATA_SHEET]
    assert [again.cell(3, i).value for i in range(1, again.max_column + 1)].count("原因") == 1
    assert read(twice)[1].table.num_rows == 2


def test_an_old_xls_comes_back_as_xlsx(tmp_path: Path) -> None:
    source = get_source("complaint_12345")
    book = xlwt.Workbook()
    page = book.add_sheet("工单")
    for i, header in enumerate(["工单编号", "来源渠道", "诉求类型", "登记时间", "更新时间"]):
        page.write(0, i, header)
        page.write(1, i, "x")
    book.save(str(tmp_path / "t.xls"))
    rejected = pa.table({"_row_no": [2], "column_name": ["updated_at"], "reason_zh": ["更新时间不是时间"]})
    back = openpyxl.load_workbook(annotate(source, tmp_path / "t.xls", rejected, tmp_path / "b.xlsx"))
    assert back.sheetnames == ["工单"] and back["工单"]["F2"].value == "更新时间不是时间"


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()
    templates.register(app)
    app.command("other")(lambda: None)
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["template", "forest", "--sender", "林业站", "--period", "2026"])
    assert said.exit_code == 0, said.output
    assert (tmp_path / "forest_林业站_2026.xlsx").exists() and template_version(
        get_source("forest")
    ) in said.output


def test_the_version_follows_the_columns() -> None:
    source = get_source("forest")
    other = source.model_copy(update={"schedule": "0 0 * * *"})
    assert template_version(other) == template_version(source)
    fewer = source.model_copy(update={"columns": source.columns[:-1]})
    assert template_version(fewer) != template_version(source)


def test_a_workbook_of_several_sheets_is_marked_sheet_by_sheet(tmp_path: Path) -> None:
    source = get_source("complaint_12345")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in ("甲镇", "乙镇"):
        page = book.create_sheet(name)
        page.append(["某月工单"])
        page.append(["工单编号", "来源渠道", "诉求类型", "登记时间", "更新时间"])
        page.append(["A1", "12345", "投诉", "某日", "2026-01-01"])
    book.save(tmp_path / "t.xlsx")
    rejected = pa.table(
        {"_row_no": [3], "_col": ["乙镇"], "column_name": ["received_at"], "reason_zh": ["登记时间不是时间"]}
    )
    back = openpyxl.load_workbook(annotate(source, tmp_path / "t.xlsx", rejected, tmp_path / "b.xlsx"))
    assert [c.value for c in back["甲镇"][2]][-1] == "更新时间"
    assert [c.value for c in back["乙镇"][2]][-1] == "原因" and back["乙镇"]["F3"].value == "登记时间不是时间"
    assert (
        back["乙镇"]["D3"].fill.fgColor.rgb == "00FFC7CE"
        and back["乙镇"]["A3"].fill.fgColor.rgb != "00FFC7CE"
    )
