"""Registers: workbooks made by `jianhu template`, filled in by an office.

Invariant: rows are taken only from a workbook whose hidden `_meta` names this source and the present template version.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any, ClassVar

import openpyxl
import pyarrow as pa
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill

from extract.errors import LoadRefused
from extract.readers.base import Parsed, Payload, Reader, Request, Slice
from extract.readers.excel import Sheet, read_workbook
from extract.readers.files import Location, find, refuse_broken, unwrap, wanted
from extract.readers.headers import Context, Layout
from extract.readers.records import match_headers
from extract.readers.tabular import from_rows
from extract.readers.texts import key
from extract.source import Source, Strict
from extract.templates import (
    EXAMPLE_MARK,
    META_SHEET,
    NUMBER_HEADER,
    PERIOD_LABEL,
    SENDER_LABEL,
    template_version,
)

REASON_HEADER = "原因"
_BAD = PatternFill("solid", fgColor="FFC7CE")
_REASON = PatternFill("solid", fgColor="FFEB9C")


class RegisterOptions(Strict):
    """sender_required: a workbook that names no sender, or was not made by `jianhu template`, is refused."""

    location: Location
    sender_required: bool = True


class RegisterReader(Reader):
    """Reader of kind `register`: one part per (sender, period) of a workbook."""

    VERSION: ClassVar[str] = "1"
    Options: ClassVar[type[RegisterOptions]] = RegisterOptions

    def fetch(self, source: Source, request: Request, workdir: Path) -> Iterator[Payload]:
        """A payload per workbook, in order of path; its part is sender and period as the workbook tells them."""
        options: RegisterOptions = self.options(source)
        for path in find(source, options.location, request):
            payload = unwrap(source, path, workdir)
            part = payload.name
            try:
                told = _meta(read_workbook(payload.path.read_bytes(), payload.name))
                part = " ".join(x for x in (told.get("sender"), told.get("period")) if x) or part
            except LoadRefused:
                pass  # parse tells it
            payload.slice = Slice(source.name, part)
            if wanted(payload.slice, request):
                yield payload

    def parse(self, source: Source, payload: Payload) -> Parsed:
        """Rows of one workbook. Raises LoadRefused for another source's or another version's template."""
        refuse_broken(payload)
        options: RegisterOptions = self.options(source)
        sheets = read_workbook(payload.path.read_bytes(), payload.name)
        check_meta(source, _meta(sheets), payload.name, required=options.sender_required)
        sheet = data_sheet(source, sheets, payload.name)
        rows = [(n, cells) for n, cells in sheet.rows if not _is_example(cells)]
        # a row of the template that holds its running number alone is not filled in
        numbered = any(key(c or "") == key(NUMBER_HEADER) for _, cells in rows for c in cells[:1])
        filled = [(n, cells) for n, cells in rows if not numbered or any(c and c.strip() for c in cells[1:])]
        parsed = from_rows(source, filled, Layout(), Context(payload.name))
        hidden = set(parsed.table["_row_no"].to_pylist()) & sheet.hidden_rows
        if hidden:
            parsed.notes.append(
                f"hidden_rows: {payload.name}: {len(hidden)} hidden rows were read like the others"
            )
        return parsed


def _is_example(cells: list[str | None]) -> bool:
    return bool(cells) and (cells[0] or "").strip().startswith(EXAMPLE_MARK)


def _meta(sheets: list[Sheet]) -> dict[str, str]:
    """What the hidden sheet says; sender and period that it leaves open are read from the cells above the header."""
    told: dict[str, str] = {}
    for sheet in sheets:
        if sheet.name == META_SHEET:
            told = {c[0]: (c[1] or "").strip() for _, c in sheet.rows if len(c) > 1 and c[0]}
    if not told:
        return {}
    for sheet in sheets:
        for _, cells in sheet.rows[:3] if sheet.is_visible else []:
            for label, value in itertools.pairwise(cells):
                for name, zh in (("sender", SENDER_LABEL), ("period", PERIOD_LABEL)):
                    if label and key(label).rstrip(":") == key(zh) and value and not told.get(name):
                        told[name] = value.strip()
    return told


def check_meta(source: Source, told: dict[str, str], where: str, *, required: bool) -> None:
    """Raises LoadRefused unless the workbook is this source's, of the present version, and names its sender."""
    rule = f"register {source.name}: template"
    if not told:
        if not required:
            return
        raise LoadRefused(
            "this workbook was not made by the template",
            where=where,
            rule=rule,
            todo=f"make one with `jianhu template {source.name} --sender 单位 --period 2026`, copy the rows into it, send it",
        )
    if told.get("source") != source.name:
        raise LoadRefused(
            f"the workbook is for {told.get('source') or '(no source)'}, not for {source.name}",
            where=where,
            rule=rule,
            todo="put it into the folder of its own register",
        )
    version = template_version(source)
    if told.get("version") != version:
        raise LoadRefused(
            f"the workbook is of template version {told.get('version') or '(none)'}, the present version is {version}",
            where=where,
            rule=rule,
            todo=f"make a new one with `jianhu template {source.name}`, copy the rows into it, send it",
        )
    if required and not told.get("sender"):
        raise LoadRefused(
            "the workbook does not name its sender",
            where=where,
            rule=rule,
            todo=f"fill in {SENDER_LABEL} above the table",
        )


def data_sheet(source: Source, sheets: list[Sheet], where: str) -> Sheet:
    """The visible sheet whose first rows name most of the source's columns. Raises LoadRefused when none does."""

    def known(sheet: Sheet) -> int:
        return max((len(match_headers(source, cells)) for _, cells in sheet.rows[:40]), default=0)

    best = max((s for s in sheets if s.is_visible), key=known, default=None)
    if best is None or not known(best):
        raise LoadRefused(
            "no sheet has the register's header", where=where, todo="send the workbook with its header row"
        )
    return best


# ---------------------------------------------------------------- the way back


def annotate(source: Source, payload_path: Path, rejected: pa.Table, out_path: Path) -> Path:
    """The sender's own workbook with rejected cells coloured and a column 原因; returns out_path.

    rejected: rows of rejected.parquet of that load (`_row_no` is the sheet's row, `_col` begins with the sheet's name
    where several were read). Formulas become the text that they showed, so that nothing of the sender's runs on the
    desk of whoever opens it. Raises LoadRefused when the payload is no workbook of the source.
    """
    data = payload_path.read_bytes()
    sheets = read_workbook(data, payload_path.name)
    default = data_sheet(source, sheets, payload_path.name)
    book = _editable(data, sheets)
    _disarm(book, sheets)
    by_name = {s.name: s for s in sheets if s.is_visible}
    by_sheet: dict[str, list[dict[str, Any]]] = {}
    for row in rejected.to_pylist():
        told = (row.get("_col") or "").partition("!")[0]
        by_sheet.setdefault(told if told in by_name else default.name, []).append(row)
    for name, rows in by_sheet.items():
        _mark(source, book[name], by_name[name], rows)
    out_path.parent.mkdir(parents=True, exist_ok=True)
    book.save(out_path)
    return out_path


def _editable(data: bytes, sheets: list[Sheet]) -> openpyxl.Workbook:
    """The workbook itself, or, for one that openpyxl cannot write (XLS, HTML), a new one with the same cells."""
    if data[:2] == b"PK":
        return openpyxl.load_workbook(io.BytesIO(data))
    book = openpyxl.Workbook()
    first = book.active
    for sheet in sheets:
        if not sheet.is_visible:
            continue
        page = book.create_sheet(sheet.name)
        for n, cells in sheet.rows:
            for j, shown in enumerate(cells, 1):
                if shown is not None:
                    _put(page.cell(n, j), shown)
    if first is not None and len(book.worksheets) > 1:
        book.remove(first)
    return book


def _disarm(book: openpyxl.Workbook, sheets: list[Sheet]) -> None:
    values = {(s.name, n): cells for s in sheets for n, cells in s.rows}
    for page in book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if isinstance(cell, Cell) and (cell.data_type == "f" or _is_risky(cell.value)):
                    cells = values.get((page.title, cell.row), [])
                    shown = cells[cell.column - 1] if cell.column <= len(cells) else None
                    _put(cell, (shown if cell.data_type == "f" else None) or str(cell.value))


def _mark(source: Source, page: Any, sheet: Sheet, rejected: list[dict[str, Any]]) -> None:
    """Colour the cells that the rejected rows name, and tell the reasons in one column behind the others."""
    header_row, named = _header(source, sheet)
    position = {name: i + 1 for i, name in named.items()}
    sent = {key(str(page.cell(header_row, j).value or "")): j for j in range(page.max_column, 0, -1)}
    reason_at = sent.get(key(REASON_HEADER), page.max_column + 1)
    for n in range(header_row + 1, page.max_row + 1) if reason_at <= page.max_column else ():
        page.cell(n, reason_at).value = None
    head = page.cell(header_row, reason_at)
    _put(head, REASON_HEADER)
    head.font, head.fill = Font(bold=True), copy(_REASON)
    reasons: dict[int, list[str]] = {}
    for row in rejected:
        n = int(row["_row_no"])
        text = str(row.get("reason_zh") or row.get("check_id") or "")
        if text not in reasons.setdefault(n, []):
            reasons[n].append(text)
        item = key((row.get("_col") or "").rpartition("!")[2])
        at = position.get(row.get("column_name") or "") or (sent.get(item) if item else None)
        for j in [at] if at else list(position.values()):
            cell = page.cell(n, j)
            if not isinstance(cell, MergedCell):
                cell.fill = copy(_BAD)
                if at:
                    cell.comment = Comment(text[:500], "jianhu")
    for n, texts in reasons.items():
        cell = page.cell(n, reason_at)
        _put(cell, "；".join(texts))
        cell.alignment, cell.fill = Alignment(wrap_text=True, vertical="top"), copy(_REASON)
    page.column_dimensions[head.column_letter].width = 60


def _header(source: Source, sheet: Sheet) -> tuple[int, dict[int, str]]:
    best = max(sheet.rows[:40], key=lambda r: len(match_headers(source, r[1])))
    return best[0], match_headers(source, best[1])


def _is_risky(value: object) -> bool:
    return isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") and len(value) > 1


def _put(cell: Cell, text: str | None) -> None:
    """A text that no program takes for a formula."""
    cell.value = text
    if text is not None:
        cell.data_type = "s"
        if _is_risky(text):
            cell.quotePrefix = True
