"""Workbooks (XLS, XLSX, and the HTML or text that platforms sell as .xls) to numbered rows of text cells.

Invariant: a number's text carries no float noise, a date cell's text is ISO; nothing else is changed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine as calamine
import xlrd
from lxml import html as lxml_html

from extract.errors import LoadRefused
from extract.readers.csvtext import csv_rows
from extract.readers.texts import decode

Cells = list[str | None]


@dataclass
class Sheet:
    """name; rows: (sheet row from 1, cells); hidden_rows: numbers of rows that the sender has hidden."""

    name: str
    rows: list[tuple[int, Cells]]
    is_visible: bool = True
    hidden_rows: frozenset[int] = frozenset()


def cell_text(value: Any) -> str | None:
    """A cell as text: 3.0 → "3", 0.1 → "0.1", dates ISO, empty → None, text untouched."""
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value.is_integer():
            # a spreadsheet keeps 15 digits: a longer code is already lost, and is written so that the door sees it
            return str(int(value)) if abs(value) < 1e15 else f"{value:.15G}"
        return _without_noise(value)
    if isinstance(value, datetime):
        if value.microsecond:  # times are fractions of a day: seconds come back a hair off
            value = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M:%S")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value)


def _without_noise(value: float) -> str:
    """Shortest text of a float; 15 digits where those of arithmetic (0.30000000000000004) are longer."""
    exact, fifteen = repr(value), f"{value:.15g}"
    shown = fifteen if len(fifteen) < len(exact) - 1 else exact
    if "e" in shown or "E" in shown:
        shown = f"{value:.20f}".rstrip("0").rstrip(".") if abs(value) > 1e-12 else shown
    return shown


def read_workbook(data: bytes, where: str) -> list[Sheet]:
    """Sheets of a workbook in order. Raises LoadRefused for bytes that are no workbook (cut, encrypted, empty)."""
    if not data.strip(b"\x00 \r\n\t"):
        raise LoadRefused("the file is empty", where=where, todo="ask the sender for the file again")
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
        return _calamine(data, where)
    text = decode(data).text
    if re.search(r"<table\b", text[:200_000], re.I):
        return list(_html(text))
    if "<" not in text[:200] and re.search(r"[\t,]", text[:5000]):
        return [Sheet("1", [(n, [c or None for c in cells]) for n, cells in csv_rows(text)])]
    raise LoadRefused(
        "the file is no workbook",
        where=where,
        rule="XLS or XLSX",
        todo="open it in the program that made it; save as XLSX",
    )


def _calamine(data: bytes, where: str) -> list[Sheet]:
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = []
        for meta in book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            rows = book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False)
            visible = meta.visible == calamine.SheetVisibleEnum.Visible
            cells = [(n, [cell_text(c) for c in row]) for n, row in enumerate(rows, 1)]
            sheets.append(Sheet(meta.name, cells, visible))
    except calamine.PasswordError as e:
        raise LoadRefused(
            "the workbook is protected by a password", where=where, todo="save it without one"
        ) from e
    except Exception as e:
        raise LoadRefused(
            "the workbook cannot be read (cut or damaged)", where=f"{where}: {e}", todo="send the file again"
        ) from e
    hidden = _hidden_xlsx(data) if data[:2] == b"PK" else _hidden_xls(data)
    for i, sheet in enumerate(sheets):
        sheet.hidden_rows = hidden.get(i, frozenset())
    return sheets


def _hidden_xlsx(data: bytes) -> dict[int, frozenset[int]]:
    """Position of a worksheet → its hidden rows (sheetN.xml is the N-th sheet in all workbooks that offices make)."""
    out: dict[int, frozenset[int]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        for name in z.namelist():
            m = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
            if m:
                rows = re.findall(rb"<row\b[^>]*\bhidden=\"(?:1|true)\"[^>]*>", z.read(name))
                numbers = [re.search(rb"\br=\"(\d+)\"", r) for r in rows]
                out[int(m.group(1)) - 1] = frozenset(int(n.group(1)) for n in numbers if n)
    return out


def _hidden_xls(data: bytes) -> dict[int, frozenset[int]]:
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
        return {
            i: frozenset(r + 1 for r, info in sheet.rowinfo_map.items() if info.hidden)
            for i, sheet in enumerate(book.sheets())
        }
    except Exception:  # only a remark depends on it; calamine has read the cells
        return {}


def _html(text: str) -> Iterator[Sheet]:
    """Tables of an HTML page that calls itself .xls; colspan and rowspan leave their other cells empty."""
    doc = lxml_html.fromstring(text)
    for t, found in enumerate(doc.iter("table"), 1):
        rows: list[tuple[int, Cells]] = []
        taken: dict[tuple[int, int], None] = {}
        for n, tr in enumerate(found.iter("tr"), 1):
            cells: Cells = []
            for cell in tr.iterchildren("td", "th"):
                while (n, len(cells)) in taken:
                    cells.append(None)
                wide, high = int(cell.get("colspan") or 1), int(cell.get("rowspan") or 1)
                for down in range(1, high):
                    taken.update({(n + down, len(cells) + i): None for i in range(wide)})
                cells += [cell.text_content().strip() or None, *[None] * (wide - 1)]
            rows.append((n, cells))
        width = max((len(c) for _, c in rows), default=0)
        yield Sheet(str(t), [(n, c + [None] * (width - len(c))) for n, c in rows])
