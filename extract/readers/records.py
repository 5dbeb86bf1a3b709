"""Rows out of records: what every reader of documents shares (files, platform APIs).

Invariant: a cell's text goes into the table exactly as sent; only names of columns are interpreted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from extract.errors import LoadRefused
from extract.readers.base import REJECT_COLUMNS, Parsed
from extract.readers.texts import full_year, key, labelled, loads, plain, split_unit, text, tooltip
from extract.source import Source, Strict

__all__ = [
    "Grid", "Rejects", "Unpivot", "from_grid", "from_records", "key", "loads", "lookup", "match_headers", "plain", "split_unit", "table", "text",
]  # fmt: skip


class Unpivot(Strict):
    """One row per value column of a wide record.

    id: columns (as sent) that stay; only: columns that become rows (default: all others); name_column receives the
    sent name (its unit cut off into unit_column where that is declared), value_column the cell, flag_column the cell
    of `<name><flag_suffix>`.
    """

    id: list[str]
    name_column: str
    value_column: str
    only: tuple[str, ...] = ()
    unit_column: str | None = None
    flag_suffix: str | None = None
    flag_column: str | None = None


class Grid(Strict):
    """A table printed into JSON: a list of header cells, a list of rows, HTML in both.

    declared_total: key of the number of rows that the provider says it sent; original_column receives the 原始值 of a
    cell's tooltip; tooltip_columns: declared column → [header, label] of the id cell whose tooltip tells it
    (`所属河流：西苕溪`); year_from: declared date column that completes times sent without a year.
    """

    head: str
    body: str
    declared_total: str | None = None
    id: list[str]
    name_column: str
    value_column: str
    unit_column: str | None = None
    original_column: str | None = None
    tooltip_columns: dict[str, tuple[str, str]] = {}
    year_from: str | None = None


class Rejects:
    """Collects rows that never became a row of the table."""

    def __init__(self, source: Source) -> None:
        self._names = ["_row_no", "_col", *(c.name for c in source.columns), *REJECT_COLUMNS]
        self._rows: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self,
        row_no: int,
        check_id: str,
        zh: str,
        en: str,
        *,
        col: str | None = None,
        column_name: str | None = None,
        value: str | None = None,
        cells: Mapping[str, str | None] | None = None,
    ) -> None:
        """One rejected row: record number, reason in both languages, what of its cells is known."""
        self._rows.append(
            {**(cells or {}), "_row_no": row_no, "_col": col, "check_id": check_id, "column_name": column_name,
             "rejected_value": value, "reason_zh": zh, "reason_en": en}
        )  # fmt: skip

    def table(self) -> pa.Table | None:
        """The rejected rows as base.Parsed wants them, or None when there is none."""
        if not self._rows:
            return None
        out = {n: pa.array([r.get(n) for r in self._rows], _type(n)) for n in self._names}
        return pa.table(out)


def _type(name: str) -> pa.DataType:
    return pa.int64() if name == "_row_no" else pa.string()


def table(source: Source, row_no: Any, col: Any, cells: Mapping[str, Any]) -> pa.Table:
    """The fixed schema of the source from arrays or lists; a declared column without an array is null."""
    numbers = pa.array(row_no, pa.int64())
    n = len(numbers)
    out: dict[str, Any] = {"_row_no": numbers, "_col": _strings(col, n)}
    for column in source.columns:
        out[column.name] = _strings(cells.get(column.name), n)
    return pa.table(out)


def _strings(values: Any, n: int) -> pa.Array:
    if values is None:
        return pa.nulls(n, pa.string())
    if isinstance(values, str):
        return pa.array([values], pa.string()).take(pa.array(np.zeros(n, np.int64)))
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values if isinstance(values, pa.Array) else pa.array(values, pa.string())


def match_headers(source: Source, headers: Iterable[str | None]) -> dict[int, str]:
    """Position of a sent header → name of the declared column, by alias; the first of two equal headers wins."""
    known: dict[str, str] = {}
    for column in source.columns:
        for alias in column.headers():
            known.setdefault(key(alias), column.name)
    out: dict[int, str] = {}
    for i, header in enumerate(headers):
        name = known.get(key(header)) if header else None
        if name is None and header:
            name = known.get(key(split_unit(header)[0]))
        if name and name not in out.values():
            out[i] = name
    return out


def require_columns(source: Source, present: Iterable[str], where: str, sent: Sequence[str | None]) -> None:
    """Raises LoadRefused naming the required columns that a payload lacks."""
    have = set(present)
    missing = [c for c in source.columns if c.required and c.name not in have]
    if missing:
        wanted = "、".join("/".join(c.aliases) or c.name for c in missing)
        shown = "、".join(plain(h) for h in sent[:12] if h)
        raise LoadRefused(
            f"a required column is not there: {wanted}",
            where=f"{where}; header found: {shown or '(none)'}",
            rule=f"source {source.name}: required columns",
            todo="send the file with its usual header, or add the new name to the aliases in the source's YAML",
        )


def from_records(
    source: Source,
    records: Sequence[Mapping[str, Any]],
    *,
    unpivot: Unpivot | None = None,
    constants: Mapping[str, str | None] | None = None,
    first: int = 1,
    where: str = "payload",
) -> Parsed:
    """Objects (array items, XML records) to rows, in payload order; `_row_no` counts from `first`.

    constants fill declared columns that the payload itself lacks. A key that an object lacks is no cell: null, and
    for an unpivoted item no row. Raises LoadRefused where a required column is in no record.
    """
    fixed = dict(constants or {})
    keys: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    for record in records:
        shape = tuple(record)
        if shape not in seen:
            seen.add(shape)
            keys.update(dict.fromkeys(shape))
    sent = list(keys)
    made = set(fixed)
    if unpivot:
        made |= {
            unpivot.name_column,
            unpivot.value_column,
            unpivot.unit_column or "",
            unpivot.flag_column or "",
        }
    items: list[str] = []
    if unpivot:
        stay = {key(k) for k in unpivot.id}
        suffix = unpivot.flag_suffix
        items = list(unpivot.only) or [
            k for k in sent if key(k) not in stay and not (suffix and k.endswith(suffix))
        ]
    spread = set(items)
    named = {n: sent[i] for i, n in match_headers(source, [None if k in spread else k for k in sent]).items()}
    if records:
        require_columns(source, {*named, *made}, where, sent)
    numbers = np.arange(first, first + len(records), dtype=np.int64)
    cells: dict[str, Any] = {n: v for n, v in fixed.items() if n not in named}
    columns = {n: _column(records, [k]) for n, k in named.items()}
    if not unpivot:
        return Parsed(table(source, numbers, None, {**cells, **columns}), records_in=len(records))
    width = len(items)
    at = np.repeat(np.arange(len(records)), width)
    which = np.tile(np.arange(width), len(records))
    value_array = _column(records, items)
    here = np.ones(len(value_array), bool)
    if not all(set(items) <= set(shape) for shape in seen):
        here = np.fromiter((k in r for r in records for k in items), bool, len(value_array))
    flags = None
    if unpivot.flag_suffix and unpivot.flag_column:
        beside = [k + unpivot.flag_suffix for k in items]
        flags = _column(records, beside)
    if not here.all():
        at, which, keep = at[here], which[here], pa.array(here)
        value_array = value_array.filter(keep)
        flags = flags.filter(keep) if flags is not None else None
    pick = pa.array(at)
    cells |= {n: a.take(pick) for n, a in columns.items()}
    cells |= name_cells(unpivot.name_column, unpivot.unit_column, items, which)
    cells[unpivot.value_column] = value_array
    if unpivot.flag_column and flags is not None:
        cells[unpivot.flag_column] = flags
    col = pa.array(items, pa.string()).take(pa.array(which))
    return Parsed(table(source, numbers[at], col, cells), records_in=len(records))


def name_cells(name: str, unit: str | None, items: Sequence[str], which: np.ndarray) -> dict[str, pa.Array]:
    """Cells of the name column (and the unit column) of unpivoted rows; `which` indexes `items`."""
    if unit is None:
        return {name: pa.array([plain(i) for i in items], pa.string()).take(pa.array(which))}
    parts = [split_unit(i) for i in items]
    return {
        name: pa.array([p[0] for p in parts], pa.string()).take(pa.array(which)),
        unit: pa.array([p[1] for p in parts], pa.string()).take(pa.array(which)),
    }


def _column(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> pa.Array:
    """Texts of the named keys of each record in turn; a month of an API has two million of them."""
    values = [r.get(k) for r in records for k in names]
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # something that is not text yet
        return pa.array([_as_text(v) for v in values], pa.string())


def _as_text(value: Any) -> str | None:
    return value if type(value) is str else text(value)


def lookup(doc: Any, path: str) -> Any:
    """The value at a dotted path of nested objects, or None."""
    for step in path.split(".") if path else []:
        if not isinstance(doc, Mapping) or step not in doc:
            return None
        doc = doc[step]
    return doc


def from_grid(
    source: Source,
    doc: Any,
    spec: Grid,
    *,
    constants: Mapping[str, str | None] | None = None,
    first: int = 1,
    where: str = "payload",
) -> Parsed:
    """A printed table (head, body) to rows: one per measured cell; a row shorter or longer than the header is rejected.

    A row count that differs from the declared total is a note (`declared_total`). Raises LoadRefused without a table.
    """
    head, body = lookup(doc, spec.head), lookup(doc, spec.body)
    if not isinstance(head, list) or not isinstance(body, list):
        raise LoadRefused(
            f"the answer holds no table {spec.head}/{spec.body}",
            where=where,
            todo="ask the provider; fetch again",
        )
    fixed = dict(constants or {})
    headers = [plain(text(h) or "") for h in head]
    stay = {key(k) for k in spec.id}
    id_at = [i for i, h in enumerate(headers) if key(h) in stay]
    item_at = [i for i in range(len(headers)) if i not in set(id_at)]
    named = match_headers(source, [h if i in set(id_at) else None for i, h in enumerate(headers)])
    made = {*fixed, spec.name_column, spec.value_column}
    require_columns(source, {*named.values(), *made}, where, headers)
    notes: list[str] = []
    total = text(lookup(doc, spec.declared_total)) if spec.declared_total else None
    if total is not None and total.strip() != str(len(body)):
        notes.append(f"declared_total: {where}: {total} rows declared, {len(body)} sent")
    rejects = Rejects(source)
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    for n, row in enumerate(body, first):
        if not isinstance(row, list) or len(row) != len(headers):
            got = len(row) if isinstance(row, list) else 0
            known = (
                {v: plain(_as_text(row[i]) or "") for i, v in named.items() if i < got}
                if isinstance(row, list)
                else {}
            )
            rejects.add(
                n, "field_count", f"该行 {got} 个单元格，表头 {len(headers)} 个", f"{got} cells, header has {len(headers)}",
                value=(text(row) or "")[:200], cells={**fixed, **known},
            )  # fmt: skip
            continue
        rows.append([_as_text(c) for c in row])
        numbers.append(n)
    width = len(item_at)
    at = np.repeat(np.arange(len(rows)), width)
    which = np.tile(np.arange(width), len(rows))
    pick = pa.array(at)
    cells: dict[str, Any] = {n: v for n, v in fixed.items() if n not in named.values()}
    near = (
        date.fromisoformat(str(fixed[spec.year_from])[:10])
        if spec.year_from and fixed.get(spec.year_from)
        else None
    )
    for i, name in named.items():
        column = [None if r[i] is None else plain(r[i]) for r in rows]  # type: ignore[arg-type]
        if near and source.column(name).data_type in ("timestamp", "date"):
            column = [full_year(c, near) for c in column]
        cells[name] = pa.array(column, pa.string()).take(pick)
    for name, (header, label) in spec.tooltip_columns.items():
        for i in [i for i in id_at if key(headers[i]) == key(header)]:
            cells[name] = pa.array([labelled(r[i] or "", label) for r in rows], pa.string()).take(pick)
    raw = [r[i] for r in rows for i in item_at]
    cells[spec.value_column] = [None if c is None else plain(c) for c in raw]
    if spec.original_column:
        cells[spec.original_column] = [tooltip(c) if c and "<" in c else None for c in raw]
    items = [text(head[i]) or "" for i in item_at]
    cells |= name_cells(spec.name_column, spec.unit_column, items, which)
    col = pa.array([plain(i) for i in items], pa.string()).take(pa.array(which))
    made_table = table(source, np.asarray(numbers, np.int64)[at] if rows else [], col, cells)
    return Parsed(made_table, records_in=len(body), rejects=rejects.table(), notes=notes)
