"""JSON, XML and grids: whole records are kept, a spoiled one is told."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from extract.errors import LoadRefused
from extract.readers.base import Parsed, Payload, Slice
from extract.readers.files import FilesReader
from extract.readers.jsonxml import read_json, read_xml
from extract.readers.records import Grid, Unpivot, from_grid, from_records
from extract.readers.texts import full_year, loads, split_unit
from extract.source import Source, get_source


def parse(source: Source, data: bytes, tmp_path: Path, hints: dict[str, str] | None = None) -> Parsed:
    path = tmp_path / "x"
    path.write_bytes(data)
    return FilesReader().parse(
        source, Payload(Slice(source.name, "x"), "x", path, datetime(2026, 4, 1), hints or {})
    )


def test_json_numbers_stay_as_sent_and_gbk_is_read(tmp_path: Path) -> None:
    text = '[{"企业名称": "甲厂", "lng": 106.310, "信用": 1e2, "超标": null}]'
    got = parse(get_source("permit_national_json"), text.encode("gb18030"), tmp_path).table.to_pylist()[0]
    assert (got["longitude"], got["credit_level"], got["exceed_count"]) == ("106.310", "1e2", None)
    assert got["enterprise_name"] == "甲厂"


def test_nested_lists_become_rows_with_their_path(tmp_path: Path) -> None:
    outlets = [
        {
            "outletName": "1",
            "pollutants": [{"pollutantName": "SO2", "standard": 50}, {"pollutantName": "NOx"}],
        },
        {"outletName": "2", "pollutants": [{"pollutantName": "COD", "standard": 80}]},
    ]
    doc = [{"enterpriseName": "甲", "outlets": outlets}, {"enterpriseName": "乙", "outlets": []}]
    got = parse(get_source("permit_national_limits"), json.dumps(doc).encode(), tmp_path)
    assert got.records_in == 2
    said = [
        (r["_row_no"], r["_col"], r["outlet_name"], r["pollutant_name"], r["limit_value"])
        for r in got.table.to_pylist()
    ]
    assert said == [
        (1, "outlets[0].pollutants[0]", "1", "SO2", "50"),
        (1, "outlets[0].pollutants[1]", "1", "NOx", None),
        (1, "outlets[1].pollutants[0]", "2", "COD", "80"),
    ]


def test_cut_json_keeps_the_whole_items_and_rejects_one(tmp_path: Path) -> None:
    text = json.dumps(
        [{"企业名称": f"厂{i}", "x": [{"企业名称": "内"}, {"企业名称": "内"}]} for i in range(3)]
    )
    got = parse(get_source("permit_national_json"), text[: text.rindex("[")].encode(), tmp_path)
    assert got.table["enterprise_name"].to_pylist() == ["厂0", "厂1"]
    assert [(r["check_id"], r["_row_no"]) for r in got.rejects.to_pylist()] == [("cut_line", 3)]
    assert got.records_in == 3


def test_a_broken_item_costs_itself_only() -> None:
    got = read_json(b'[{"a": 1}, {"a": oops}, {"a": 3}]', "", "x")
    assert [r["a"] for r in got.records] == ["1", "3"] and got.numbers == [1, 3]
    assert [(n, c) for n, c, _, _ in got.spoiled] == [(2, "bad_record")]


def test_one_object_a_line() -> None:
    assert [r["a"] for r in read_json(b'{"a": 1}\n{"a": 2}\n', "", "x").records] == ["1", "2"]


@pytest.mark.parametrize("data", [b"", b"  ", b"<html>busy</html>", b"[", b'"text"'])
def test_what_holds_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(LoadRefused):
        read_json(data, "", "x")
    with pytest.raises(LoadRefused):
        read_xml(data.replace(b"<html>busy</html>", b"busy"), "record", "x")


STATIONS = """<?xml version="1.0" encoding="{}"?><r xmlns:b="urn:x"><b:TotalCount>3</b:TotalCount>{}</r>"""
STATION = (
    "<b:AQIDataPublishLive><b:CO>{1}</b:CO><b:AQI></b:AQI><b:StationCode>{0}</b:StationCode>"
    "<b:Area>绍兴 &amp; 柯桥</b:Area><b:TimePoint>2019-07-18T12:00:00</b:TimePoint></b:AQIDataPublishLive>"
)


def snapshot(n: int, encoding: str = "utf-8", value: str = "1.2") -> bytes:
    body = "".join(STATION.format(f"{i}A", value) for i in range(n))
    return STATIONS.format(encoding, body).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_xml_records_without_namespaces(encoding: str, tmp_path: Path) -> None:
    got = parse(get_source("air_snapshot_xml"), snapshot(2, encoding), tmp_path, {"crawl_at": "201907181243"})
    rows = got.table.to_pylist()
    assert [(r["_row_no"], r["item"], r["value"]) for r in rows] == [
        (1, "AQI", ""),
        (1, "CO", "1.2"),
        (2, "AQI", ""),
        (2, "CO", "1.2"),
    ]
    assert rows[0]["area_name"] == "绍兴 & 柯桥" and rows[0]["crawl_at"] == "201907181243"
    assert any(n.startswith("declared_total") and "3 records declared, 2 sent" in n for n in got.notes)


def test_cut_xml_keeps_the_whole_records(tmp_path: Path) -> None:
    data = snapshot(3)
    got = parse(
        get_source("air_snapshot_xml"), data[: data.rindex(b"<b:TimePoint>")], tmp_path, {"crawl_at": "1"}
    )
    assert set(got.table["station_code"].to_pylist()) == {"0A", "1A"} and got.records_in == 3
    (bad,) = got.rejects.to_pylist()
    assert (bad["check_id"], bad["_row_no"], bad["station_code"]) == ("cut_line", 3, "2A")


def test_every_cut_of_an_xml_loses_no_record() -> None:
    data = snapshot(3)
    begins = [i for i in range(len(data)) if data.startswith(b"<b:AQIDataPublishLive>", i)]
    for cut in range(begins[0] + 22, len(data)):
        got = read_xml(data[:cut], "AQIDataPublishLive", "x")
        begun = sum(b + 22 <= cut for b in begins)
        assert len(got.records) + len(got.spoiled) == begun, cut


def test_names_that_only_html_knows_and_a_spoiled_record() -> None:
    got = read_xml(snapshot(2, value="&mdash;"), "AQIDataPublishLive", "x")
    assert [r["CO"] for r in got.records] == ["—", "—"]
    broken = snapshot(3).replace(b"<b:StationCode>1A", b"<b:StationCode><1A")
    got = read_xml(broken, "AQIDataPublishLive", "x")
    assert [r["StationCode"] for r in got.records] == ["0A", "2A"] and got.numbers == [1, 3]
    assert [(n, c) for n, c, _, _ in got.spoiled] == [(2, "bad_record")]


GRID = Grid(
    head="thead", body="tbody", declared_total="records", id=["省份", "流域", "断面名称", "监测时间", "水质类别", "站点情况"],
    name_column="item", unit_column="item_unit", value_column="value", original_column="value_original", year_from="crawl_date",
    tooltip_columns={"water_body_name": ("断面名称", "所属河流")},
)  # fmt: skip


def grid(rows: list[list[Any]], total: int) -> Parsed:
    head = [
        "省份",
        "流域",
        "断面名称",
        "监测时间",
        "水质类别",
        "氨氮<br/><span class='unit'>(mg/L)</span>",
        "站点情况",
    ]
    doc = {"records": total, "thead": head, "tbody": rows}
    return from_grid(
        get_source("water_auto_4h"),
        loads(json.dumps(doc).encode()),
        GRID,
        constants={"crawl_date": "2021-01-01"},
    )


def test_grid_cells_tooltips_years_and_totals() -> None:
    whole = [
        "浙江省",
        "太湖流域",
        "<span title='所在地市:湖州市&#10;所属河流:西苕溪'>甲桥</span>",
        "12-31 20:00",
        "Ⅱ",
        "<span title='原始值：0.0837'>0.084</span>",
        "正常",
    ]
    got = grid([whole, whole[:4], [*whole[:5], None, "维护"]], 4)
    first, second = got.table.to_pylist()
    assert (first["item"], first["item_unit"], first["value"], first["value_original"]) == (
        "氨氮",
        "mg/L",
        "0.084",
        "0.0837",
    )
    assert first["observed_at"] == "2020-12-31 20:00"  # a time without a year lies near the day of the crawl
    assert (second["_row_no"], second["value"], second["value_original"]) == (3, None, None)
    assert [(r["check_id"], r["_row_no"], r["section_name"]) for r in got.rejects.to_pylist()] == [
        ("field_count", 2, "甲桥")
    ]
    assert (first["section_name"], first["water_body_name"]) == ("甲桥", "西苕溪")
    assert got.records_in == 3 and "4 rows declared, 3 sent" in got.notes[0]


def test_unpivot_with_flags_and_absent_items() -> None:
    spec = Unpivot(id=["stationCode", "dataTime", "auditState"], only=["SO2", "CO"], name_column="item", value_column="value",
                   flag_suffix="_flag", flag_column="device_flag")  # fmt: skip
    base = {"stationCode": "S1", "dataTime": "2026-01-01 01:00:00", "auditState": "preliminary"}
    sent = [{**base, "SO2": "3", "SO2_flag": "N", "CO": None, "CO_flag": "D"}, {**base, "CO": "0.4"}]
    got = from_records(get_source("air_platform_hourly"), sent, unpivot=spec, first=11)
    said = [(r["_row_no"], r["item"], r["value"], r["device_flag"]) for r in got.table.to_pylist()]
    assert said == [(11, "SO2", "3", "N"), (11, "CO", None, "D"), (12, "CO", "0.4", None)]


@pytest.mark.parametrize(
    ("sent", "near", "said"),
    [
        ("05-08 15:00", date(2020, 5, 8), "2020-05-08 15:00"),
        ("1-1 00:00", date(2025, 12, 31), "2026-01-01 00:00"),
        ("02-29 04:00", date(2024, 3, 1), "2024-02-29 04:00"),
        ("02-30 04:00", date(2024, 3, 1), "02-30 04:00"),
        ("2024-05-08 15:00", date(2020, 1, 1), "2024-05-08 15:00"),
        ("--", date(2020, 1, 1), "--"),
    ],
)
def test_full_year(sent: str, near: date, said: str) -> None:
    assert full_year(sent, near) == said


def test_split_unit() -> None:
    assert split_unit("水温<br/><span class='unit'>(℃)</span>") == ("水温", "℃")
    assert split_unit("pH（无量纲）") == ("pH", "无量纲")
    assert split_unit("新港口(新塘港)氨氮") == ("新港口(新塘港)氨氮", None)
