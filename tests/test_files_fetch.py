"""Finding files, opening wrappers, and the slices that their names tell."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest
import zstandard

from extract.errors import LoadRefused, UserError
from extract.readers.base import Payload, Request, Slice
from extract.readers.files import FilesReader, slice_of, window_of
from extract.source import get_source

BULLETIN = b"date,hour,type,1A\n20260101,0,SO2,3\n"


def fetched(folder: Path, pattern: str = "**/*", **request: object) -> list[Payload]:
    asked = Request(files=(str(folder / pattern),), **request)  # type: ignore[arg-type]
    return list(FilesReader().fetch(get_source("air_bulletin_hourly"), asked, folder.parent / "work"))


def drop(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / "drop" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_wrappers_give_the_same_bytes_names_and_slices(tmp_path: Path) -> None:
    drop(tmp_path, "china_sites_20260101.csv", BULLETIN)
    drop(tmp_path, "a/china_sites_20260101.csv.gz", gzip.compress(BULLETIN))
    drop(
        tmp_path,
        "b/china_sites_20260101.csv.zst",
        zstandard.compress(BULLETIN) + zstandard.compress(b"20260101,1,SO2,4\n"),
    )
    one, two, three = fetched(tmp_path / "drop")
    day = Slice("air_bulletin_hourly", "", date(2026, 1, 1), date(2026, 1, 2))
    assert {p.slice for p in (one, two, three)} == {day}
    assert {p.name for p in (one, two, three)} == {"china_sites_20260101.csv"}
    assert sorted(p.path.read_bytes() for p in (one, two, three)) == sorted(
        [BULLETIN, BULLETIN, BULLETIN + b"20260101,1,SO2,4\n"]  # the second frame of a .zst is read too
    )


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("harm", ["cut", "corrupt"])
def test_a_broken_wrapper_costs_its_file_only(suffix: str, harm: str, tmp_path: Path) -> None:
    packed = gzip.compress(BULLETIN * 50) if suffix == "gz" else zstandard.compress(BULLETIN * 50)
    bad = packed[: len(packed) // 2] if harm == "cut" else b"\x00" * 8 + packed[8:]
    drop(tmp_path, f"china_sites_20260101.csv.{suffix}", bad)
    drop(tmp_path, "china_sites_20260102.csv", BULLETIN)
    broken, fine = fetched(tmp_path / "drop")
    reader, source = FilesReader(), get_source("air_bulletin_hourly")
    with pytest.raises(LoadRefused, match=f"china_sites_20260101.csv.{suffix}"):
        reader.parse(source, broken)
    assert reader.parse(source, fine).table.num_rows == 1


def test_dates_of_a_request_choose_files(tmp_path: Path) -> None:
    for d in ("20260101", "20260102", "20260103"):
        drop(tmp_path, f"china_sites_{d}.csv", BULLETIN)
    got = fetched(tmp_path / "drop", since=date(2026, 1, 2), until=date(2026, 1, 3))
    assert [p.name for p in got] == ["china_sites_20260102.csv"]


def test_temporary_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    for name in ("~$x.xlsx", ".x.csv.swp", "china_sites_20260101.csv"):
        drop(tmp_path, name, BULLETIN)
    assert [p.name for p in fetched(tmp_path / "drop")] == ["china_sites_20260101.csv"]


def test_the_declared_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(tmp_path, "cnemc/china_sites_20260101.csv", BULLETIN)
    source = get_source("air_bulletin_hourly")
    monkeypatch.setenv("JIANHU_DROP_DIR", str(tmp_path / "drop"))
    assert len(list(FilesReader().fetch(source, Request(), tmp_path / "w"))) == 1
    monkeypatch.setenv("JIANHU_DROP_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="JIANHU_DROP_DIR"):
        list(FilesReader().fetch(source, Request(), tmp_path / "w"))


def test_windows() -> None:
    assert window_of("month", {"y": "2026", "m": "12"}) == (date(2026, 12, 1), date(2027, 1, 1))
    assert window_of("quarter", {"y": "2026", "q": "4"}) == (date(2026, 10, 1), date(2027, 1, 1))
    assert window_of("year", {"y": "2026"}) == (date(2026, 1, 1), date(2027, 1, 1))
    assert window_of("day", {"y": "2026", "m": "2", "d": "30"}) == (None, None)
    assert window_of("none", {"y": "2026"}) == (None, None)


def test_slices_told_by_names() -> None:
    water, export = get_source("water_section_csv"), get_source("cems_platform_export")
    got, _ = slice_of(
        water, Path("浙江省/太湖流域/甲桥/2021-04/甲桥.csv.gz"), water.options["window_pattern"], None
    )
    assert got == Slice("water_section_csv", "甲桥", date(2021, 4, 1), date(2021, 5, 1))
    got, _ = slice_of(export, Path("d/S001DA001_2026-01.xls"), export.options["window_pattern"], None)
    assert got == Slice("cems_platform_export", "S001DA001", date(2026, 1, 1), date(2026, 2, 1))
    live = get_source("air_snapshot_xml")
    got, hints = slice_of(live, Path("201907181104_data.xml.zst"), live.options["window_pattern"], None)
    # a snapshot has no window: each file is a part of its own, so that none replaces another
    assert got == Slice("air_snapshot_xml", "201907181104_data.xml") and hints == {"crawl_at": "201907181104"}


def test_a_name_without_a_window_is_its_own_part_and_said(tmp_path: Path) -> None:
    drop(tmp_path, "bulletin.csv", BULLETIN)
    (payload,) = fetched(tmp_path / "drop")
    assert payload.slice == Slice("air_bulletin_hourly", "bulletin.csv")
    got = FilesReader().parse(get_source("air_bulletin_hourly"), payload)
    assert got.table.num_rows == 1 and any("no_window" in n for n in got.notes)


def test_one_name_in_two_folders_is_two_parts(tmp_path: Path) -> None:
    for name in ("a/Log.txt.1", "b/Log.txt.1", "c/b/Log.txt.1", "a/x.csv", "a/x.csv.gz"):
        drop(tmp_path, name, gzip.compress(BULLETIN) if name.endswith("gz") else BULLETIN)
    source = get_source("air_snapshot_xml")
    asked = Request(files=(str(tmp_path / "drop" / "**" / "*"),))
    got = [p.slice.part for p in FilesReader().fetch(source, asked, tmp_path / "work")]
    # a wrapped copy beside its plain file answers the same slice
    assert got == ["Log.txt.1", "x.csv", "x.csv", "b/Log.txt.1", "c/b/Log.txt.1"]
