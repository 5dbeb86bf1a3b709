"""Typed parsing at the door: what offices and machines write, and what it must become."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract import types
from extract.source import Column

PARSER = types.Parser()
NUMBER = "decimal(18,6)"


def read(data_type: str, texts: list[str | None], date_format: str | None = None, **declared):
    column = Column(name="x", data_type=data_type, description="数值", **declared)
    e = PARSER.column(column, pa.chunked_array([pa.array(texts, pa.string())]), date_format)
    checks = [types.CHECKS[p] for p in e.problem_rows().to_pylist()]
    limits = e.limits.take(e.indices).to_pylist() if e.limits is not None else [None] * len(texts)
    marks = e.qualifiers.take(e.indices).to_pylist() if e.qualifiers is not None else [None] * len(texts)
    assert e.sent().to_pylist() == texts  # the text exactly as sent is never touched
    return list(zip(e.typed().to_pylist(), checks, marks, limits, strict=True))


def one(data_type: str, text: str | None, **declared):
    return read(data_type, [text], **declared)[0][:2]


def test_translation_table_is_complete():
    assert len(types._WIDE) == len(types._HALF)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01 08:00:00", datetime(2026, 3, 1, 8)),
        ("2026.3.1", datetime(2026, 3, 1)),
        ("2026年3月1日", datetime(2026, 3, 1)),
        ("2026年3月1日8时30分", datetime(2026, 3, 1, 8, 30)),
        ("2026/1/6 12:09:38", datetime(2026, 1, 6, 12, 9, 38)),
        ("20260106120938", datetime(2026, 1, 6, 12, 9, 38)),
        ("20260106120938123", datetime(2026, 1, 6, 12, 9, 38, 123000)),
        ("20260106120938.5", datetime(2026, 1, 6, 12, 9, 38, 500000)),
        ("2026-01-06 12:09:38.123", datetime(2026, 1, 6, 12, 9, 38, 123000)),
        ("202601061209", datetime(2026, 1, 6, 12, 9)),
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, 8)),
        ("2026-03-01 24:00", datetime(2026, 3, 2)),
        ("2026-12-31 24:00:00", datetime(2027, 1, 1)),
        ("2026-02-28 24:00", datetime(2026, 3, 1)),
        ("46082", datetime(2026, 3, 1)),  # Excel serial: 2026-03-01 is day 46082 since 1899-12-30
        ("46082.5", datetime(2026, 3, 1, 12)),
        ("２０２６－３－１\u3000１２：００", datetime(2026, 3, 1, 12)),
        ("9999-12-31", datetime(9999, 12, 31)),
    ],
)
def test_times(text, expected):
    assert one("timestamp", text) == (expected, "")


def test_excel_serial_agrees_with_the_calendar():
    assert (date(2026, 3, 1) - date(1899, 12, 30)).days == 46082


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("2026-02-29", "impossible_time"),
        ("2026-13-01", "impossible_time"),
        ("20261301", "impossible_time"),
        ("2026-03-01 24:30", "impossible_time"),
        ("2026-03-01 08:60", "impossible_time"),
        ("1026-01-01", "time_out_of_range"),
        ("2026-3-112:00", "not_a_time"),  # day 1 or 11? not guessed
        ("03/04/2026", "not_a_time"),  # March or April? not guessed
        ("12:00", "not_a_time"),
        ("昨天", "not_a_time"),
        ("9.13E+17", "not_a_time"),
        ("", "blank"),
        ("--", "blank"),
        (None, "blank"),
    ],
)
def test_no_times(text, check):
    assert one("timestamp", text) == (None, check)


def test_a_declared_date_format_comes_first():
    got = read("date", ["03/31/2023", "2023-01-02", "31/03/2023"], date_format="%m/%d/%Y")
    assert [x[:2] for x in got] == [(date(2023, 3, 31), ""), (date(2023, 1, 2), ""), (None, "not_a_time")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5", "1.5"), ("1,234.5", "1234.5"), ("1，234", "1234"), ("１２．５", "12.5"), (".5", "0.5"), ("+3", "3"),
        ("1.5E-06", "0.000002"), ("0.1234565", "0.123456"), ("0.1234575", "0.123458"), ("-0.1234565", "-0.123456"),
        ("0.12345650000001", "0.123457"), (" 7\u3000", "7"), ("1e3", "1000"), ("1E-30", "0"),
        ("123456789012.123456", "123456789012.123456"),
    ],
)  # fmt: skip
def test_numbers(text, expected):
    assert one(NUMBER, text) == (Decimal(expected).quantize(Decimal("0.000001")), "")


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("abc", "not_a_number"), ("12.3mg/L", "not_a_number"), ("12,34", "not_a_number"), ("0.05L", "not_a_number"),
        ("1234567890123", "number_out_of_range"), ("9.13E+17", "number_out_of_range"),
        ("999999999999.9999999", "number_out_of_range"), ("1e400", "number_out_of_range"), ("—", "blank"),
    ],
)  # fmt: skip
def test_no_numbers(text, check):
    assert one(NUMBER, text) == (None, check)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.decimals(-(10**9), 10**9, places=12, allow_nan=False), min_size=1, max_size=50))
def test_rounds_half_even_at_scale_six_like_exact_arithmetic(numbers):
    texts = [f"{n:f}" for n in numbers]
    expected = [n.quantize(Decimal("0.000001"), ROUND_HALF_EVEN) for n in numbers]
    assert [x[0] for x in read(NUMBER, texts)] == expected


@pytest.mark.parametrize(
    ("text", "qualifier", "limit"),
    [
        ("0.05L", "<", "0.05"), ("<0.05", "<", "0.05"), ("＜0.05", "<", "0.05"), ("0.05 L", "<", "0.05"),
        ("ND", "<", None), ("nd", "<", None), ("未检出", "<", None), ("不得检出", "<", None),
        ("未检出（<0.01）", "<", "0.01"), (">24000", ">", "24000"),
    ],
)  # fmt: skip
def test_below_detection_is_no_number(text, qualifier, limit):
    got = read(NUMBER, [text], parse="measurement")[0]
    assert got == (
        None,
        "",
        qualifier,
        None if limit is None else Decimal(limit).quantize(Decimal("0.000001")),
    )


def test_a_measurement_that_is_a_number_stays_one():
    assert read(NUMBER, ["0.05"], parse="measurement")[0] == (Decimal("0.050000"), "", None, None)


def test_whole_numbers():
    got = read("int", ["3", "3.0", "１２", "1,234", "3.5", "99999999999", "x", "-7"])
    assert [x[:2] for x in got] == [
        (3, ""), (3, ""), (12, ""), (1234, ""), (None, "not_an_integer"), (None, "not_an_integer"),
        (None, "not_a_number"), (-7, ""),
    ]  # fmt: skip


def test_yes_and_no():
    got = read("boolean", ["是", "否", "1", "0", "TRUE", "false", "也许", ""])
    assert [x[:2] for x in got] == [
        (True, ""), (False, ""), (True, ""), (False, ""), (True, ""), (False, ""), (None, "not_a_boolean"),
        (None, "blank"),
    ]  # fmt: skip


def test_a_long_number_that_a_spreadsheet_damaged_is_told_to_the_sender():
    assert one("varchar", "9.13306E+17")[1] == "damaged_long_number"
    assert one("varchar", "5E10")[1] == ""  # a code, not a damaged number
    zh, en = types.reason(
        "damaged_long_number", Column(name="uscc", data_type="varchar", description="信用代码"), "9.13E+17"
    )
    assert "文本" in zh and "9.13E+17" in zh and "format the column as text" in en


def test_allowed_values():
    got = read("varchar", ["a", " a", "b", ""], allowed=["a"])
    assert [x[1] for x in got] == ["", "", "not_allowed", "blank"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), min_size=1, max_size=30), st.sampled_from(
    ["varchar", "int", "bigint", "date", "timestamp", "boolean", NUMBER]))  # fmt: skip
def test_no_text_breaks_the_parser(texts, data_type):
    got = read(data_type, texts, parse="measurement" if data_type == NUMBER else "plain")
    assert len(got) == len(texts)
    for value, check, mark, _ in got:
        if data_type != "varchar" and value is None:
            assert check or mark  # a value is missing for a reason only
