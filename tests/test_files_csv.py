"""CSV text: every line is a row, a rejected row with its reason, a header or blank."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from extract.errors import LoadRefused
from extract.landing import rows_hash
from extract.readers.csvtext import csv_rows
from extract.readers.headers import Context, Layout
from extract.readers.records import Unpivot
from extract.readers.tabular import parse_csv
from extract.source import Source

WIDE = Layout(unpivot=Unpivot(id=["date", "hour", "type"], name_column="station_code", value_column="value"))


def source(*columns: dict[str, Any], key: list[str] | None = None, **more: Any) -> Source:
    return Source(
        name="probe", description="", name_zh="试", provider="p", owner="o", schedule="0 0 * * *", freshness_hours=1,
        reader="files", slice={"kind": "snapshot"}, natural_key=key or [columns[0]["name"]], feeds="reference",
        columns=[{"data_type": "varchar", "description": "", **c} for c in columns], **more,
    )  # fmt: skip


AIR = source(
    {"name": "bulletin_date", "aliases": ["date"], "required": True, "data_type": "date"},
    {"name": "hour", "required": True},
    {"name": "item_type", "aliases": ["type"], "required": True},
    {"name": "station_code", "required": True},
    {"name": "value", "data_type": "decimal(18,6)"},
)
PAIR = source({"name": "code", "aliases": ["编号"], "required": True}, {"name": "note", "aliases": ["说明"]})


def wide(data: bytes) -> Any:
    return parse_csv(AIR, data, WIDE, Context("probe.csv"))


def pair(data: bytes) -> Any:
    return parse_csv(PAIR, data, Layout(), Context("probe.csv"))


def test_wide_lines_become_one_row_per_cell() -> None:
    got = wide(b"date,hour,type,1A,2A\r\n20260101,0,SO2,3,\r\n20260101,1,SO2,0.10,7")
    assert got.records_in == 2 and got.rejects is None
    rows = got.table.select(["_row_no", "_col", "hour", "station_code", "value"]).to_pylist()
    assert [tuple(r.values()) for r in rows] == [
        (2, "1A", "0", "1A", "3"),
        (2, "2A", "0", "2A", ""),  # a blank cell is a row: the door says why it has no value
        (3, "1A", "1", "1A", "0.10"),  # exactly as sent
        (3, "2A", "1", "2A", "7"),
    ]


def test_a_line_end_more_changes_nothing() -> None:
    text = b"date,hour,type,1A\n20260101,0,SO2,3"
    assert (
        rows_hash(AIR, wide(text))
        == rows_hash(AIR, wide(text + b"\n"))
        == rows_hash(AIR, wide(text + b"\r\n\r\n"))
    )
    assert rows_hash(AIR, wide(text)) != rows_hash(AIR, wide(text + b"1"))


def test_cut_line_is_one_rejected_row() -> None:
    got = wide(b"date,hour,type,1A,2A\n20260101,0,SO2,3,4\n20260101,1,SO2,")
    assert got.table.num_rows == 2 and got.records_in == 2
    (bad,) = got.rejects.to_pylist()
    assert (bad["check_id"], bad["_row_no"], bad["hour"]) == ("cut_line", 3, "1")
    assert "第 3 行" in bad["reason_zh"] and "4 of 5 fields" in bad["reason_en"]


def test_a_short_line_in_the_middle_is_no_cut() -> None:
    got = pair("编号,说明\n1\n2,乙\n3,丙,丁\n4,戊,,\n".encode())
    assert got.table["code"].to_pylist() == ["2", "4"]  # blanks beyond the header are a trailing delimiter
    assert [
        (r["check_id"], r["_row_no"]) for r in sorted(got.rejects.to_pylist(), key=lambda r: r["_row_no"])
    ] == [
        ("field_count", 2),
        ("field_count", 4),
    ]
    assert got.records_in == 4 == got.table.num_rows + got.rejects.num_rows


def test_duplicate_header_gives_both_columns_and_a_note() -> None:
    got = wide(b"date,hour,type,3207A,3207A\n20260101,0,SO2,3,4\n")
    assert got.table["station_code"].to_pylist() == ["3207A", "3207A"]
    assert got.table["value"].to_pylist() == ["3", "4"]
    assert any("duplicate_header" in n and "3207A" in n for n in got.notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert pair("编号,说明\n1,鉴湖\n".encode(encoding)).table["note"].to_pylist() == ["鉴湖"]


def test_cut_inside_a_character_is_a_cut_line() -> None:
    whole = "编号,说明\n1,鉴湖\n2,鉴".encode()
    got = pair(whole[:-1])
    assert got.table["code"].to_pylist()[0] == "1"
    short = pair("编号,说明\n1,鉴湖\n镜".encode()[:-1])
    assert [r["check_id"] for r in short.rejects.to_pylist()] == ["cut_line"]


def test_damaged_bytes_cost_their_line_only() -> None:
    lines = ["编号,说明", *(f"{i},鉴湖水面如镜" for i in range(9))]
    data = "\n".join(lines).encode().replace("5,鉴".encode(), b"5,\xff\xfe")
    got = pair(data)
    assert got.table.num_rows == 8
    (bad,) = got.rejects.to_pylist()
    assert (bad["check_id"], bad["code"], bad["column_name"]) == ("bad_bytes", "5", "note")


def test_title_rows_and_repeated_headers_are_no_records() -> None:
    got = pair("某区名录\n\n编号,说明\n1,甲\n编号,说明\n2,乙\n".encode())
    assert got.table["_row_no"].to_pylist() == [4, 6] and got.records_in == 2
    assert any("repeated_header" in n for n in got.notes)


def test_headers_match_by_alias_width_and_blanks() -> None:
    assert pair("编　号 , 说明（备注）\n1,甲\n".encode()).table["note"].to_pylist() == ["甲"]


def test_quotes_and_a_quote_that_never_ends() -> None:
    fine = pair('编号,说明\n1,"甲,\n乙"\n2,丙\n'.encode())
    assert fine.table["note"].to_pylist() == ["甲,\n乙", "丙"] and fine.table["_row_no"].to_pylist() == [2, 4]
    spoilt = pair('编号,说明\n1,"甲\n2,乙\n3,丙\n'.encode())
    assert spoilt.table["code"].to_pylist() == ["1", "2", "3"]  # nothing behind the stray quote is swallowed


def test_delimiters() -> None:
    for d in "\t;|":
        assert [c for _, c in csv_rows(f"a{d}b\n1{d}2,3\n")] == [["a", "b"], ["1", "2,3"]]


@pytest.mark.parametrize("data", [b"", b"\r\n \n", b"\xef\xbb\xbf"])
def test_empty_files_are_refused(data: bytes) -> None:
    with pytest.raises(LoadRefused, match="empty"):
        pair(data)


def test_a_missing_column_is_refused_by_name() -> None:
    with pytest.raises(LoadRefused, match="编号") as e:
        pair("号,说明\n1,甲\n".encode())
    assert "说明" in e.value.where and e.value.todo


def test_times_without_a_year_take_that_of_the_window() -> None:
    probe = source({"name": "at", "aliases": ["监测时间"], "required": True, "data_type": "timestamp"})
    context = Context("x", year_columns=frozenset({"at"}), near=date(2026, 12, 31))
    got = parse_csv(
        probe, "监测时间\n12-31 20:00\n01-01 00:00\n2025-01-01 04:00\n".encode(), Layout(), context
    )
    assert got.table["at"].to_pylist() == ["2026-12-31 20:00", "2027-01-01 00:00", "2025-01-01 04:00"]


def test_units_leave_the_name() -> None:
    probe = source(
        {"name": "section", "aliases": ["断面"], "required": True},
        {"name": "item"},
        {"name": "unit"},
        {"name": "value"},
    )
    layout = Layout(
        unpivot=Unpivot(id=["断面"], name_column="item", unit_column="unit", value_column="value")
    )
    got = parse_csv(probe, "断面,氨氮(mg/L),pH（无量纲）,藻\n甲,0.1,7,\n".encode(), layout, Context("x"))
    assert got.table["item"].to_pylist() == ["氨氮", "pH", "藻"]
    assert got.table["unit"].to_pylist() == ["mg/L", "无量纲", None]
