"""Register workbooks as offices fill them in: the template of `jianhu template`, with rows and fixed bytes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from district.plan import Row
from extract.source import get_source
from extract.templates import DATA_SHEET, header_of, make_template

_FIXED = (1980, 1, 1, 0, 0, 0)
_FIRST_ROW = 5  # title, sender, header and example stand above


def _text(value: Any, n: int) -> Any:
    """A cell as typed by hand: some times with dots, the rest as they are."""
    if isinstance(value, datetime):
        return (
            f"{value.year}.{value.month}.{value.day} {value:%H:%M}"
            if n % 4 == 1
            else f"{value:%Y-%m-%d %H:%M}"
        )
    return value


def write_register(source: str, rows: list[Row], path: Path, *, sender: str, period: str) -> None:
    """Fill the template of `source` with rows (keys are the source's columns) and write it to `path`."""
    declared = get_source(source)
    make_template(declared, path, sender=sender, period=period)
    book = openpyxl.load_workbook(path)
    sheet = book[DATA_SHEET]
    headers = {cell.value: cell.column for cell in sheet[3] if cell.value}
    columns = [(c.name, headers[header_of(c)]) for c in declared.columns]
    for n, row in enumerate(rows):
        sheet.cell(_FIRST_ROW + n, 1, n + 1)
        for name, column in columns:
            value = _text(row.get(name), n)
            if value is not None:
                sheet.cell(_FIRST_ROW + n, column, value)
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_steady(buffer.getvalue()))


def _steady(data: bytes) -> bytes:
    """The same workbook without the moment at which it was saved."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb">\d{4}-\d\d-\d\dT[\d:.]+Z<", b">2020-01-01T00:00:00Z<", body)
            info = zipfile.ZipInfo(name, _FIXED)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, body)
    return out.getvalue()
