"""The suites of the door: valid, true to their sources, and never silent about a fault of our own."""

from __future__ import annotations

import ast
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from expectations import gate
from extract.door import Door
from extract.errors import UserError
from extract.home import REPO
from extract.readers.base import Parsed
from extract.source import get_source, load_sources

SOURCES = load_sources()


def parsed(source, rows: list[dict[str, str | None]]) -> Parsed:
    data = {
        "_row_no": pa.array(range(1, len(rows) + 1), pa.int64()),
        "_col": pa.nulls(len(rows), pa.string()),
    }
    data |= {c.name: pa.array([r.get(c.name) for r in rows], pa.string()) for c in source.columns}
    return Parsed(pa.table(data), records_in=len(rows))


def verdict(name: str, rows: list[dict[str, str | None]]):
    return Door(SOURCES[name]).check([parsed(SOURCES[name], rows)])[0]


@pytest.mark.parametrize("name", SOURCES)
def test_each_source_has_a_suite_that_great_expectations_can_run(name):
    source = SOURCES[name]
    assert source.suite_file.exists()
    suite = gate.load_suite(source)
    assert suite.source == name and suite.expectations
    empty_row = {c.name: None for c in source.columns}
    got = Door(source).check([parsed(source, [empty_row, {c.name: "一" for c in source.columns}])])[0]
    assert got.rows.num_rows + got.rejected.num_rows == 2  # no rule of the suite is one that GX cannot answer
    for e in suite.expectations:
        zh, en = e.reason(source, "7")
        assert zh and en and "{" not in zh and "{" not in en


def test_only_the_gate_imports_great_expectations():
    found = set()
    for folder in ("extract", "expectations", "warehouse", "exports", "district", "dags"):
        for file in (REPO / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if any(n.split(".")[0] == "great_expectations" for n in names):
                    found.add(file.relative_to(REPO).as_posix())
    assert found == {"expectations/gate.py"}


def bulletin(item="PM10", station="1246A", hour="3", value="40"):
    return {
        "bulletin_date": "20190101",
        "hour": hour,
        "item_type": item,
        "station_code": station,
        "value": value,
    }


def test_unknown_items_hours_and_stations_of_the_bulletin_are_rejected_with_reasons():
    rows = [
        bulletin(),
        bulletin(item="PM1"),
        bulletin(hour="24"),
        bulletin(station="124A"),
        bulletin(item="SO2", value="-"),
    ]
    got = verdict("air_bulletin_hourly", rows)
    assert got.refused is None
    assert got.rows["_row_no"].to_pylist() == [1, 5]
    told = {r["_row_no"]: r for r in got.rejected.to_pylist()}
    assert {k: r["check_id"] for k, r in told.items()} == {
        2: "item_known",
        3: "hour_of_day",
        4: "station_code_form",
    }
    assert (
        "PM1" in told[2]["reason_zh"] and "PM1" in told[2]["reason_en"] and told[2]["rejected_value"] == "PM1"
    )


def test_every_broken_check_of_a_row_is_kept():
    got = verdict("air_bulletin_hourly", [bulletin(), bulletin(item="PM1", station="x", value="abc")])
    assert got.rejected["all_checks"].to_pylist() == [
        "not_a_number:value;item_known:item_type;station_code_form:station_code"
    ]


def test_a_load_whose_column_is_empty_is_refused_and_says_so():
    got = verdict("air_bulletin_hourly", [bulletin(value=""), bulletin(item="SO2", value="-")])
    assert got.refused is not None and "value_present" in str(got.refused)
    assert verdict("air_bulletin_hourly", []).refused is not None


def test_loads_looked_at_together_are_refused_one_by_one():
    source = SOURCES["air_bulletin_hourly"]
    good, bad = parsed(source, [bulletin()]), parsed(source, [bulletin(value="")])
    first, second, third = Door(source).check([good, bad, good])
    assert first.refused is None and third.refused is None and second.refused is not None


def test_closed_lists_come_from_the_seeds():
    suite = gate.load_suite(get_source("energy"))
    towns = next(e for e in suite.expectations if e.id == "town_known").kwargs["value_set"]
    assert {"柯岩街道", "平水镇"} <= set(towns)
    row = {"period": "2026", "energy_tce": "1", "input_basis": "估算", "input_body": "局"}
    got = verdict("energy", [{**row, "town_name": "柯岩街道"}, {**row, "town_name": "上海"}])
    assert got.rows["_row_no"].to_pylist() == [1]
    assert got.rejected["check_id"].to_pylist() == ["town_known"]


def test_published_permit_codes_pass_and_damaged_ones_do_not():
    # 91130200699229617X001P is the example of HJ 608-2017 (facts/permit_codes_hj608.csv)
    row = {"report_type": "月报", "report_period": "2026-01"}
    codes = ["91130200699229617X001P", "9.113E+21", "91130200699229617X001", "91130200699229617O001P"]
    got = verdict("permit_report", [{**row, "permit_no": c} for c in codes])
    assert got.rows["permit_no"].to_pylist() == codes[:1]
    assert got.rejected["check_id"].to_pylist() == ["damaged_long_number", "permit_no_form", "permit_no_form"]


def test_an_exception_inside_great_expectations_is_ours_and_is_raised():
    rule = gate.Expectation(
        id="broken", severity="reject", type="expect_column_values_to_be_between",
        kwargs={"column": "absent", "min_value": 0}, reason_zh="x", reason_en="x",
    )  # fmt: skip
    with pytest.raises(gate.GateFault, match="broken"):
        gate.validate([rule], pd.DataFrame({"x": [1], gate.POSITION: [0]}))


def test_positions_are_named_whole_and_beyond_the_first_twenty():
    rule = gate.Expectation(
        id="small", severity="reject", type="expect_column_values_to_be_between",
        kwargs={"column": "x", "max_value": 9}, reason_zh="x", reason_en="x",
    )  # fmt: skip
    frame = pd.DataFrame({"x": np.arange(1000), gate.POSITION: np.arange(1000) + 5000})
    assert gate.validate([rule], frame)["small"] == list(range(5010, 6000))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kwargs": {"column": "nonesuch"}}, "nonesuch"),
        ({"severity": "warn"}, "severity"),
        ({"colour": "red"}, "colour"),
        ({"kwargs": {"column": "town_name", "value_set": {"seed": "no/seed", "column": "x"}}}, "no/seed"),
        ({"type": "expect_table_row_count_to_be_between"}, "type"),
        ({"kwargs": {"column": "town_name", "mostly": 0.9}}, "mostly"),
    ],
)
def test_a_faulty_suite_is_told_by_key(tmp_path, change, said):
    rule = {
        "id": "a", "severity": "reject", "type": "expect_column_values_to_not_be_null",
        "kwargs": {"column": "town_name"}, "reason_zh": "x", "reason_en": "x", **change,
    }  # fmt: skip
    file = tmp_path / "energy.yml"
    file.write_text(yaml.safe_dump({"source": "energy", "expectations": [rule]}), "utf-8")
    with pytest.raises(UserError, match=said):
        gate.load_suite(get_source("energy"), file)


def test_a_reason_that_is_reworded_makes_no_new_parse_version(tmp_path):
    file = tmp_path / "s.yml"
    rule = {"id": "a", "severity": "reject", "kwargs": {"column": "x"}, "reason_zh": "一", "reason_en": "one"}
    file.write_text(yaml.safe_dump({"expectations": [rule]}), "utf-8")
    before = gate.fingerprint(file)
    file.write_text(yaml.safe_dump({"expectations": [{**rule, "reason_zh": "壹"}]}), "utf-8")
    assert gate.fingerprint(file) == before
    file.write_text(yaml.safe_dump({"expectations": [{**rule, "severity": "refuse"}]}), "utf-8")
    assert gate.fingerprint(file) != before


def test_a_time_column_reaches_the_gate_typed():
    source = SOURCES["complaint_12345"]
    door = Door(source, gate.Suite(source=source.name, expectations=[
        gate.Expectation(id="not_before_2020", severity="reject", type="expect_column_values_to_be_between",
                         kwargs={"column": "received_at", "min_value": datetime(2020, 1, 1)}, reason_zh="x", reason_en="x"),
    ]))  # fmt: skip
    row = {"order_no": "GD1", "channel": "12345", "purpose": "举报", "updated_at": "2026-01-01"}
    rows = [{**row, "received_at": "2026年1月1日"}, {**row, "order_no": "GD2", "received_at": "2019.12.31"}]
    assert door.check([parsed(source, rows)])[0].rejected["_row_no"].to_pylist() == [2]
