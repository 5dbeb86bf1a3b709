"""What a user's bad file gets: one clear message, an exit code, no traceback, and everything else stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import tiny as made
from tiny import Tiny

from extract import landing
from extract.home import Home


def extract(tmp_path: Path, source: str, file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(command, its report of the source) of one file in an empty home."""
    done = made.jianhu("extract", source, "--files", str(file), "--json", home=tmp_path / "home")
    assert "Traceback" not in done["err"], done["err"]
    return done, json.loads(done["out"])["sources"][source]


@pytest.fixture
def orders(tiny_release: Tiny, tmp_path: Path) -> Path:
    """A workbook of the hotline, as the district's office dropped it."""
    found = sorted((tiny_release.home.root / "synthetic" / "drop" / "complaint_12345").glob("*.xlsx"))
    return Path(shutil.copy(found[0], tmp_path / "工单.xlsx"))


@pytest.fixture
def forest(tiny_release: Tiny, tmp_path: Path) -> Path:
    found = sorted((tiny_release.home.root / "synthetic" / "drop" / "register" / "forest").glob("*.xlsx"))
    return Path(shutil.copy(found[0], tmp_path / "森林.xlsx"))


def refused(done: dict[str, Any], report: dict[str, Any], file: Path, home: Path) -> str:
    """The one message of a refused file; nothing of it is landed."""
    assert done["code"] == 3 and report["state"] == "failed", report
    assert report["new_loads"] == 0 and landing.ledger(Home(home)).num_rows == 0
    assert file.name in report["error"], report["error"]
    return str(report["error"])


def test_the_sound_file_is_loaded(orders: Path, tmp_path: Path) -> None:
    done, report = extract(tmp_path, "complaint_12345", orders)
    assert done["code"] in (0, 4) and report["new_loads"] == 1 and report["rows_loaded"] > 0


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_cut_workbook(orders: Path, tmp_path: Path, keep: float) -> None:
    whole = orders.read_bytes()
    orders.write_bytes(whole[: int(len(whole) * keep)])
    done, report = extract(tmp_path, "complaint_12345", orders)
    refused(done, report, orders, tmp_path / "home")


def test_a_workbook_with_other_columns(orders: Path, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["姓名", "年龄"])  # type: ignore[union-attr]
    book.active.append(["甲", 3])  # type: ignore[union-attr]
    book.save(orders)
    done, report = extract(tmp_path, "complaint_12345", orders)
    message = refused(done, report, orders, tmp_path / "home")
    assert "工单编号" in message or "order_no" in message


def test_a_text_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that no declared encoding reads must not become replacement characters in silence."""
    file = tmp_path / "china_sites_20260101.csv"
    file.write_bytes("date,hour,type,1001A\n20260101,0,PM2.5,35\n".encode("utf-32-le"))
    done, report = extract(tmp_path, "air_bulletin_hourly", file)
    refused(done, report, file, tmp_path / "home")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    file = tmp_path / "china_sites_20260101.csv"
    file.write_text("<html><body>404 Not Found</body></html>\n", "utf-8")
    done, report = extract(tmp_path, "air_bulletin_hourly", file)
    refused(done, report, file, tmp_path / "home")


def test_a_template_of_another_version(forest: Path, tmp_path: Path) -> None:
    from extract.source import get_source
    from extract.templates import META_SHEET, template_version

    book = openpyxl.load_workbook(forest)
    for row in book[META_SHEET].iter_rows():
        if row[0].value == "version":
            row[1].value = "0ld0ld00"
    book.save(forest)
    done, report = extract(tmp_path, "forest", forest)
    message = refused(done, report, forest, tmp_path / "home")
    assert "0ld0ld00" in message and template_version(get_source("forest")) in message


def test_one_bad_cell_costs_its_row_only(orders: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(orders)
    page = book.worksheets[0]
    head, column = next(
        (c.row, c.column) for row in page.iter_rows() for c in row if c.value in ("登记时间", "来电时间")
    )
    page.cell(head + 1, column).value = "昨天下午"
    book.save(orders)
    done, report = extract(tmp_path, "complaint_12345", orders)
    assert done["code"] == 4 and report["rows_rejected"] == 1
    assert report["rows_in"] == report["rows_loaded"] + 1
    (told,) = report["rejected"]
    assert told["value"] == "昨天下午" and told["row"] and told["file"] and told["reason_zh"] and told["rule"]


def test_no_such_file_and_no_such_source(tmp_path: Path) -> None:
    for named in ("none*.xlsx", "a_folder"):
        (tmp_path / "a_folder").mkdir(exist_ok=True)
        done = made.jianhu("extract", "forest", "--files", str(tmp_path / named), home=tmp_path / "home")
        assert done["code"] == 2 and named in done["err"] and "Traceback" not in done["err"]
    wrong = made.jianhu("extract", "no_such_source", home=tmp_path / "home")
    assert wrong["code"] in (1, 2) and "no_such_source" in wrong["err"] and "Traceback" not in wrong["err"]
