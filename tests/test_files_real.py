"""Every real file that a files source should read is read; figures are those of the data's own README."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

from extract.errors import LoadRefused
from extract.landing import rows_hash
from extract.readers.base import Parsed, Payload, Request
from extract.readers.files import FilesReader
from extract.source import get_source

READER = FilesReader()


def read(name: str, shared: Path, pattern: str, work: Path) -> list[tuple[Payload, Parsed]]:
    source = get_source(name)
    asked = Request(files=(str(shared / "data" / pattern),))
    return [(p, READER.parse(source, p)) for p in READER.fetch(source, asked, work)]


def counts(done: list[tuple[Payload, Parsed]]) -> tuple[int, int, int, int]:
    rejects = sum(p.rejects.num_rows for _, p in done if p.rejects is not None)
    return len(done), sum(p.records_in for _, p in done), sum(p.table.num_rows for _, p in done), rejects


@pytest.mark.parametrize(
    ("day", "stations", "records", "cut"),
    [
        ("20190101", 1605, 360, 0),
        ("20190220", 1605, 106, 1),
        ("20190424", 1605, 349, 1),
        ("20190630", 1641, 360, 0),
    ],
)
def test_bulletin(day: str, stations: int, records: int, cut: int, shared: Path, tmp_path: Path) -> None:
    ((payload, got),) = read(
        "air_bulletin_hourly", shared, f"air/china_sites/china_sites_{day}.csv*", tmp_path
    )
    assert got.records_in == records and got.table.num_rows == (records - cut) * stations
    assert (got.rejects.num_rows if got.rejects else 0) == cut
    if cut:
        assert got.rejects["check_id"].to_pylist() == ["cut_line"] and got.rejects["_row_no"].to_pylist() == [
            records + 1
        ]
    assert payload.slice.start and f"{payload.slice.start:%Y%m%d}" == day
    twice = pc.sum(pc.equal(got.table["station_code"], "3207A")).as_py()
    assert twice == (2 * records if day == "20190630" else 0)


def test_the_second_download_says_the_same(shared: Path, tmp_path: Path) -> None:
    source = get_source("air_bulletin_hourly")
    first = read(source.name, shared, "air/china_sites/china_sites_2019010[12].csv*", tmp_path)
    again = read(source.name, shared, "air/second_download/*", tmp_path / "again")
    assert len(first) == len(again) == 2
    for (a, one), (b, two) in zip(first, again, strict=True):
        assert a.slice == b.slice and a.path.read_bytes() != b.path.read_bytes()
        assert rows_hash(source, one) == rows_hash(source, two)


def test_snapshots(shared: Path, tmp_path: Path) -> None:
    source = get_source("air_snapshot_xml")
    asked = Request(files=(str(shared / "data" / "air/snapshots/*"),))
    payloads = list(READER.fetch(source, asked, tmp_path))
    empty = [p for p in payloads if not p.path.stat().st_size]
    assert [p.name for p in empty] == ["201907181043_data.xml"]
    with pytest.raises(LoadRefused, match="empty"):
        READER.parse(source, empty[0])
    done = [(p, READER.parse(source, p)) for p in payloads if p not in empty]
    assert counts(done) == (5, 7424, 7424 * 15, 0)
    assert not any(n.startswith("declared_total") for _, p in done for n in p.notes)
    mixed = next(g for p, g in done if p.name.startswith("201907181226"))
    hours = Counter(r["observed_at"] for r in mixed.table.to_pylist() if r["item"] == "AQI")
    assert hours == {"2019-07-18T13:00:00": 1438, "2019-07-18T14:00:00": 38}


def test_station_lists_in_two_encodings(shared: Path, tmp_path: Path) -> None:
    done = read("air_station_list", shared, "air/stations/*", tmp_path)
    assert len(done) == 2
    names = [set(p.table["station_name"].to_pylist()) for _, p in done]
    assert all("万寿西宫" in n for n in names)


def test_water_sections(shared: Path, tmp_path: Path) -> None:
    done = read("water_section_csv", shared, "water/auto_by_section/**/*.csv*", tmp_path)
    assert counts(done) == (103, 2795, 2795 * 11, 0)
    assert len({p.slice for p, _ in done}) == 103
    gate = next(g for p, g in done if p.slice.part == "曹娥江大闸闸前")
    spike = [
        r for r in gate.table.to_pylist() if r["observed_at"] == "2021-04-02 12:00" and r["item"] == "氨氮"
    ]
    assert [r["official_class"] for r in spike] == ["Ⅴ"]


def test_permits(shared: Path, tmp_path: Path) -> None:
    holders = read("permit_national_json", shared, "permits/*enterprises*.json", tmp_path)
    assert counts(holders) == (1, 220, 220, 0)
    blank = [c for c in holders[0][1].table["permit_no"].to_pylist() if not (c or "").strip()]
    assert len(blank) == 77
    gbk = read("permit_national_json", shared, "permits/*summary_gbk.json", tmp_path)
    assert counts(gbk) == (1, 220, 220, 0)
    limits = read("permit_national_limits", shared, "permits/*limits*.json", tmp_path)
    assert limits[0][1].records_in == 220 and limits[0][1].rejects is None


def test_dmr_and_messages(shared: Path, tmp_path: Path) -> None:
    dmr = read("permit_dmr_csv", shared, "permits/epa_dmr/*effluent*", tmp_path)
    assert len(dmr) == 4 and all(p.rejects is None for _, p in dmr)
    replies = read("complaint_message_xlsx", shared, "complaints/replies_full.xlsx", tmp_path)
    assert counts(replies) == (1, 2816, 2816, 0)
    assert all((t or "").isdigit() for t in replies[0][1].table["message_no"].to_pylist())
