"""Workbooks as offices send them; every fixture is written here."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from extract.errors import LoadRefused
from extract.readers.base import Parsed, Payload, Slice
from extract.readers.excel import cell_text, read_workbook
from extract.readers.files import FilesReader
from extract.source import Source, get_source

TITLE = ["某印染有限公司 2026-03 小时数据"]
TOP = ["企业名称", "排口名称", "数据时间", "二氧化硫", None, None, "氮氧化物", None, None, "数据标记"]
LOW = [None, None, None, "浓度", "折算浓度", "排放量", "浓度", "折算浓度", "排放量", None]
UNITS = [None, None, None, "mg/m³", "mg/m³", "kg", "mg/m³", "mg/m³", "kg", None]
ROWS = [
    ["某印染", "１号排口", "2026.3.1 0:00", 3.0, 0.1, None, "<1.0", "<1.0", 0, "正常"],
    ["某印染", "１号排口", "2026-03-01 01:00", 12.25, 13, 0.30000000000000004, 5, 6, 0.5, "正常"],
]
TOTAL = ["合 计", None, None, 15.25, 13.1, 0.3, 5, 6, 0.5, None]


def xlsx(*sheets: tuple[str, list[list[Any]]], touch: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    if touch:
        touch(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    for name, rows in sheets:
        page = book.add_sheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if value is not None:
                    page.write(r, c, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parse(source: Source, data: bytes, tmp_path: Path, name: str = "x.xlsx") -> Parsed:
    path = tmp_path / name
    path.write_bytes(data)
    return FilesReader().parse(source, Payload(Slice(source.name, "x"), name, path, datetime(2026, 4, 1)))


def platform() -> list[list[Any]]:
    return [TITLE, TOP, LOW, UNITS, *ROWS, TOTAL]


@pytest.mark.parametrize("make", [xlsx, xls])
def test_merged_header_unit_row_and_totals(make: Callable[..., bytes], tmp_path: Path) -> None:
    got = parse(get_source("cems_platform_export"), make(("1号", platform())), tmp_path, "x.xls")
    rows = got.table.to_pylist()
    assert got.records_in == 3 and len(rows) == 4
    assert [(r["_row_no"], r["factor_name"]) for r in rows] == [
        (5, "二氧化硫"), (5, "氮氧化物"), (6, "二氧化硫"), (6, "氮氧化物"),
    ]  # fmt: skip
    first, second = rows[0], rows[1]
    assert (first["concentration"], first["concentration_converted"], first["emission_kg"]) == (
        "3",
        "0.1",
        None,
    )
    assert (second["concentration"], second["emission_kg"], second["unit_text"]) == ("<1.0", "0", "mg/m³")
    assert first["outlet_name"] == "１号排口" and first["data_time"] == "2026.3.1 0:00"  # as sent
    assert rows[2]["emission_kg"] == "0.3"  # no float noise
    (total,) = got.rejects.to_pylist()
    assert (total["check_id"], total["_row_no"], total["rejected_value"]) == ("total_row", 7, "合 计")


def test_another_unit_than_declared_is_refused(tmp_path: Path) -> None:
    units = [*UNITS[:5], "t", *UNITS[6:]]
    data = xlsx(("1号", [TITLE, TOP, LOW, units, *ROWS]))
    with pytest.raises(LoadRefused, match="排放量 is t"):
        parse(get_source("cems_platform_export"), data, tmp_path)


def test_one_sheet_each_hidden_sheets_and_rows(tmp_path: Path) -> None:
    def touch(book: Any) -> None:
        book["旧表"].sheet_state = "hidden"
        book["1号"].row_dimensions[6].hidden = True

    sheets = [("说明", [["本表由平台导出"]]), ("1号", platform()), ("2号", platform()), ("旧表", platform())]
    got = parse(get_source("cems_platform_export"), xlsx(*sheets, touch=touch), tmp_path)
    assert got.table.num_rows == 8 and got.rejects.num_rows == 2
    assert set(got.table["_col"].to_pylist()) == {
        f"{s}!{f}" for s in ("1号", "2号") for f in ("二氧化硫", "氮氧化物")
    }
    notes = "\n".join(got.notes)
    assert "hidden_sheet" in notes and "旧表" in notes
    assert "hidden_rows" in notes and "1 hidden rows" in notes
    assert "sheet_skipped" in notes and "说明" in notes


def order(**cells: Any) -> tuple[list[Any], list[Any]]:
    full = {"工单编号": "A1", "来源渠道": "12345", "诉求类型": "投诉", "登记时间": "2026-01-01 08:00:00",
            "更新时间": "2026-01-02 08:00:00", **cells}  # fmt: skip
    return list(full), list(full.values())


def test_dates_serials_and_long_numbers(tmp_path: Path) -> None:
    head, row = order(登记时间=datetime(2026, 1, 1, 8, 30), 联系电话=13800000000, 工单编号=913306210000000123)
    got = parse(get_source("complaint_12345"), xlsx(("s", [head, row])), tmp_path).table.to_pylist()[0]
    assert got["received_at"] == "2026-01-01 08:30:00"
    assert got["phone"] == "13800000000"
    # a spreadsheet keeps 15 digits of a number: what is left is written so that the door rejects it
    assert got["order_no"] == "9.1330621E+17"


def test_cell_text() -> None:
    given = [
        3.0,
        0.1,
        1 / 3,
        1e-7,
        True,
        None,
        "",
        " 甲 ",
        1234567.891,
        datetime(2026, 1, 1, 7, 59, 59, 999_999),
    ]
    said = [
        "3",
        "0.1",
        "0.3333333333333333",
        "0.0000001",
        "true",
        None,
        None,
        " 甲 ",
        "1234567.891",
        "2026-01-01 08:00:00",
    ]
    assert [cell_text(v) for v in given] == said


def test_the_html_that_calls_itself_xls(tmp_path: Path) -> None:
    head, row = order()
    cells = "".join(f"<th>{h}</th>" for h in head), "".join(f"<td>{v}</td>" for v in row)
    page = (
        f"<html><table><tr><td colspan=2>工单</td></tr><tr>{cells[0]}</tr><tr>{cells[1]}</tr></table></html>"
    )
    got = parse(get_source("complaint_12345"), page.encode("gb18030"), tmp_path, "x.xls")
    assert got.table["order_no"].to_pylist() == ["A1"] and got.table["_row_no"].to_pylist() == [3]


@pytest.mark.parametrize("cut", [0, 100, -200])
def test_cut_and_empty_workbooks_are_refused(cut: int, tmp_path: Path) -> None:
    head, row = order()
    with pytest.raises(LoadRefused, match=r"empty|cut or damaged"):
        parse(get_source("complaint_12345"), xlsx(("s", [head, row]))[:cut], tmp_path)


def test_a_file_of_another_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadRefused, match="not a file of this source"):
        parse(
            get_source("complaint_message_xlsx"),
            xlsx(("s", [["一级分类", "二级分类"], ["a", "b"]])),
            tmp_path,
        )


def test_company_told_in_the_title(tmp_path: Path) -> None:
    rows = [
        ["企业名称：某印染", None, "排口名称：2号排口"],
        [c for c in TOP[2:]],
        [c for c in LOW[2:]],
        ROWS[0][2:],
    ]
    got = parse(get_source("cems_platform_export"), xlsx(("s", rows)), tmp_path).table.to_pylist()[0]
    assert (got["company_name"], got["outlet_name"]) == ("某印染", "2号排口")


def test_sheets_of_a_workbook_keep_their_order() -> None:
    names = ["柯桥街道", "安昌街道", "Sheet1"]
    assert [s.name for s in read_workbook(xlsx(*((n, [["x"]]) for n in names)), "x")] == names
