"""Sheets of text cells to rows: title rows, merged and unit headers, total rows, unpivoting.

Invariant: a sheet row is a row of the table, a rejected row with its reason, part of the header, or blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from extract.errors import LoadRefused
from extract.readers.base import Parsed
from extract.readers.csvtext import csv_rows, unended
from extract.readers.records import Rejects, Unpivot, match_headers, name_cells, require_columns, table
from extract.readers.texts import decode, full_year, key, split_unit
from extract.source import Source, Strict

Cell = str | None
Row = tuple[int, Sequence[Cell]]
_CHUNK = 20_000
_SEARCH = 40  # how many rows may stand above the header
_SHOWN = 200  # characters of a rejected line that are quoted


class UnpivotGroups(Strict):
    """A header of two rows, factor above measure: one row per factor, one column per measure."""

    name_column: str
    measures: tuple[str, ...]
    unit_column: str | None = None


class Layout(Strict):
    """How a sheet is laid out; these keys stand in a source's options.

    header_rows: 2 for a merged header; unit_row: a row of units may follow it; drop_rows: labels of total rows;
    require_columns: headers without which the file is not this source's; sheet_column: declared column that takes the
    sheet's name where the sheet itself has no such column.
    """

    unpivot: Unpivot | None = None
    unpivot_groups: UnpivotGroups | None = None
    header_rows: int = 1
    unit_row: bool = False
    drop_rows: tuple[str, ...] = ()
    require_columns: tuple[str, ...] = ()
    sheet_column: str | None = None


@dataclass
class Context:
    """What is known of a payload besides its cells.

    near: the date by which times without a year are completed, in the declared columns year_columns; sheet: name
    printed before `_col` when a workbook has several; sheet_name: its name in any case.
    """

    where: str
    constants: Mapping[str, Cell] = field(default_factory=dict)
    year_columns: frozenset[str] = frozenset()
    near: date | None = None
    sheet: str | None = None
    sheet_name: str | None = None


@dataclass
class Header:
    """Where the columns are: declared ones by position, items (unpivot) and groups of (factor, measure → position)."""

    cells: list[str]
    named: dict[int, str]
    items: list[int] = field(default_factory=list)
    groups: list[tuple[str, dict[str, int]]] = field(default_factory=list)
    units: list[Cell] = field(default_factory=list)
    found: dict[str, Cell] = field(default_factory=dict)  # told by the rows above the header
    rows: int = 1


def parse_csv(source: Source, data: bytes, layout: Layout, context: Context) -> Parsed:
    """Rows of one CSV payload. Raises LoadRefused when it is empty or lacks a required column."""
    if not data.strip(b"\x00 \r\n\t\xef\xbb\xbf"):
        raise LoadRefused("the file is empty", where=context.where, todo="ask the sender for the file again")
    got = decode(data)
    return from_rows(
        source,
        csv_rows(got.text),
        layout,
        context,
        ragged=True,
        is_cut=got.cut or unended(got.text),
        damaged=got.damaged,
    )


def from_rows(
    source: Source,
    rows: Iterable[Row],
    layout: Layout,
    context: Context,
    *,
    ragged: bool = False,
    is_cut: bool = False,
    damaged: bool = False,
) -> Parsed:
    """Numbered rows of cells to the source's table.

    ragged: rows come as long as they were sent (CSV), so a wrong number of cells is a fault; is_cut: the payload does
    not end with a line end; damaged: cells may hold U+FFFD. Raises LoadRefused without a header.
    """
    stream = iter(rows)
    head_rows = list(islice(stream, _SEARCH))
    header, start = _find_header(source, head_rows, layout, context)
    if layout.unit_row and start < len(head_rows) and _is_unit_row(head_rows[start][1], header):
        header.units = list(head_rows[start][1])
        start += 1
    _refuse_other_units(source, header, context.where)
    labels = frozenset(key(d) for d in layout.drop_rows)
    rejects = Rejects(source)
    tables: list[pa.Table] = []
    pending: list[Row] = []
    records, repeated, width, last = 0, 0, len(header.cells), 0
    short: dict[int, Sequence[Cell]] = {}
    keys = [i for i, n in header.named.items() if n in source.natural_key]
    for n, cells in chain(head_rows[start:], stream):
        last = n
        if ragged and len(cells) != width:
            if len(cells) < width:
                if any(cells):
                    records += 1
                    short[n] = cells
                continue
            if any(cells[width:]):
                records += 1
                _field_count(source, rejects, header, context, n, cells)
                continue
        if not _any(cells):
            continue
        if header.rows and cells[0] and list(cells[:width]) == header.cells:
            repeated += 1
            continue
        records += 1
        if labels and (label := _total_label(cells, keys, labels)):
            rejects.add(
                n, "total_row", f"该行是“{label}”汇总行，不是一条数据，未装载", f"a row of totals ({label}) is not a record",
                col=context.sheet, value=label, cells=_known(header, context, cells),
            )  # fmt: skip
            continue
        if damaged and any(c and "\ufffd" in c for c in cells):
            at = next(i for i, c in enumerate(cells) if c and "\ufffd" in c)
            rejects.add(
                n, "bad_bytes", "该行含有无法识别的字节（编码损坏），请重新导出", "bytes that no encoding explains; export again",
                col=context.sheet, column_name=header.named.get(at), value=cells[at],
                cells=_known(header, context, cells),
            )  # fmt: skip
            continue
        pending.append((n, cells))
        if len(pending) == _CHUNK:
            tables.append(_emit(source, header, layout, context, pending))
            pending = []
    if pending or not tables:
        tables.append(_emit(source, header, layout, context, pending))
    for n, cells in short.items():
        _field_count(source, rejects, header, context, n, cells, cut=is_cut and n == last)
    notes: list[str] = []
    if repeated:
        notes.append(
            f"repeated_header: {context.where}: the header stands {repeated} more times among the rows"
        )
    doubled = sorted({h for h in header.cells if h and header.cells.count(h) > 1}) if width < 5000 else []
    if doubled and not layout.unpivot_groups:
        notes.append(f"duplicate_header: {context.where}: {', '.join(doubled[:10])}")
    return Parsed(pa.concat_tables(tables), records_in=records, rejects=rejects.table(), notes=notes)


# ---------------------------------------------------------------- header


def _find_header(source: Source, rows: list[Row], layout: Layout, context: Context) -> tuple[Header, int]:
    """The first rows that name every required column, and the index of the row behind them."""
    best: Header | None = None
    for at in range(max(0, len(rows) - layout.header_rows + 1)):
        header = _header(source, [r[1] for r in rows[at : at + layout.header_rows]], layout)
        header.found = _told_above(source, rows[:at], header, layout, context)
        if _missing(source, header, layout, context):
            if best is None or len(header.named) > len(best.named):
                best = header
            continue
        return header, at + layout.header_rows
    if best is None:
        raise LoadRefused(
            "the sheet has no rows" if not rows else "the sheet has no header",
            where=context.where,
            todo="send the file with its usual header",
        )
    wanted = [h for h in layout.require_columns if key(h) not in {key(c) for c in best.cells}]
    if wanted:
        raise LoadRefused(
            f"not a file of this source: no column {'、'.join(wanted)}",
            where=f"{context.where}; header found: {'、'.join(c for c in best.cells[:12] if c)}",
            rule=f"source {source.name}: require_columns",
            todo="put the file where its own source looks for it",
        )
    present = set(best.named.values()) | set(context.constants) | set(best.found) | _made(layout)
    require_columns(source, present, context.where, best.cells)
    raise AssertionError("a header that lacks nothing was passed over")


def _header(source: Source, rows: list[Sequence[Cell]], layout: Layout) -> Header:
    if layout.header_rows == 1:
        cells = [(c or "").strip() for c in rows[0]]
        if not layout.unpivot:
            return Header(cells, match_headers(source, cells))
        stay = {key(k) for k in layout.unpivot.id}
        ids = {i for i, c in enumerate(cells) if c and key(c) in stay}
        named = match_headers(source, [c if i in ids else None for i, c in enumerate(cells)])
        only = {key(k) for k in layout.unpivot.only}
        items = [i for i, c in enumerate(cells) if i not in ids and (not only or key(c) in only)]
        while items and not cells[items[-1]]:
            items.pop()  # a trailing delimiter makes no column
        return Header(cells, named, items)
    top = [(c or "").strip() for c in rows[0]]
    low = [(c or "").strip() for c in rows[-1]]
    top += [""] * (len(low) - len(top))
    low += [""] * (len(top) - len(low))
    over: list[str] = []  # a merged cell holds its text in the first of its columns only
    for a, b in zip(top, low, strict=True):
        over.append(a or (over[-1] if over and b else ""))
    cells = [b or a for a, b in zip(over, low, strict=True)]
    groups: dict[str, dict[str, int]] = {}
    spec = layout.unpivot_groups
    grouped: set[int] = set()
    if spec:
        measure_of = match_headers_each(source, low, spec.measures)
        for i, measure in measure_of.items():
            if over[i] and over[i] != low[i]:
                groups.setdefault(over[i], {}).setdefault(measure, i)
                grouped.add(i)
    rest = [None if i in grouped else c for i, c in enumerate(cells)]
    joined = match_headers(
        source, [None if r is None else a + b for r, a, b in zip(rest, over, low, strict=True)]
    )
    named = match_headers(source, rest)
    named |= {i: n for i, n in joined.items() if i not in named and n not in named.values()}
    return Header(cells, named, groups=list(groups.items()), rows=len(rows))


def match_headers_each(source: Source, headers: Sequence[str], names: Sequence[str]) -> dict[int, str]:
    """Position → name for headers that repeat: every header that is an alias of one of the named columns."""
    known = {key(a): n for n in names for a in source.column(n).headers()}
    out: dict[int, str] = {}
    for i, header in enumerate(headers):
        name = known.get(key(header)) or known.get(key(split_unit(header)[0]))
        if header and name:
            out[i] = name
    return out


def _made(layout: Layout) -> set[str]:
    u, g = layout.unpivot, layout.unpivot_groups
    names = {layout.sheet_column}
    names |= {u.name_column, u.value_column, u.unit_column, u.flag_column} if u else set()
    names |= {g.name_column, g.unit_column} if g else set()
    return {n for n in names if n}


def _missing(source: Source, header: Header, layout: Layout, context: Context) -> bool:
    have = {key(c) for c in header.cells if c}
    if any(key(h) not in have for h in layout.require_columns):
        return True
    if layout.unpivot_groups and not header.groups:
        return True
    present = set(header.named.values()) | set(context.constants) | set(header.found) | _made(layout)
    return not header.named or any(c.required and c.name not in present for c in source.columns)


def _told_above(
    source: Source, rows: list[Row], header: Header, layout: Layout, context: Context
) -> dict[str, Cell]:
    """Declared columns that the header lacks and a title row tells: `企业名称：某某公司`, or the label and the next cell."""
    lacking = {c.name for c in source.columns} - set(header.named.values()) - _made(layout) | (
        {layout.sheet_column} if layout.sheet_column else set()
    )
    labels = {key(a): c.name for c in source.columns if c.name in lacking for a in c.aliases}
    found: dict[str, Cell] = {}
    for _, cells in rows:
        texts = [c.strip() for c in cells if c and c.strip()]
        for i, cell in enumerate(texts):
            for part in re.split(r"\s{2,}|\u3000+", cell):
                label, colon, value = re.sub("[：:]", ":", part, count=1).partition(":")
                name = labels.get(key(label))
                if name and colon and value.strip():
                    found.setdefault(name, value.strip())
                elif name and len(texts) > i + 1 and len(texts) % 2 == 0 and i % 2 == 0:
                    found.setdefault(name, texts[i + 1])
    if layout.sheet_column and layout.sheet_column not in header.named.values() and context.sheet_name:
        found.setdefault(layout.sheet_column, context.sheet_name)
    return found


def _is_unit_row(cells: Sequence[Cell], header: Header) -> bool:
    """True when the named columns say nothing in it (or 单位) while others do."""
    said = {(cells[i] or "").strip() for i in header.named if i < len(cells)}
    return said <= {"", "单位", "-", "/", "--"} and _any(cells)


def _refuse_other_units(source: Source, header: Header, where: str) -> None:
    """Raises LoadRefused where a printed unit is none of those that the source declares for the measure (`kg|千克`)."""
    for factor, measures in header.groups:
        for name, i in measures.items():
            want = source.column(name).unit
            said = header.units[i] if i < len(header.units) else None
            said = said or split_unit(header.cells[i])[1]
            if want and said and key(split_unit(said)[1] or said) not in {key(u) for u in want.split("|")}:
                raise LoadRefused(
                    f"the unit of {factor} / {header.cells[i]} is {said}, this source takes {want}",
                    where=where,
                    rule=f"source {source.name}, column {name}: unit",
                    todo="export again in that unit",
                )


# ---------------------------------------------------------------- rows


def _any(cells: Sequence[Cell]) -> bool:
    return any(c and not c.isspace() for c in cells)


def _total_label(cells: Sequence[Cell], keys: list[int], labels: frozenset[str]) -> str | None:
    first = next((i for i, c in enumerate(cells) if c and not c.isspace()), 0)
    for i in {first, *keys}:
        cell = cells[i] if i < len(cells) else None
        bare = re.split(r"[:：(（]", key(cell), maxsplit=1)[0] if cell else ""
        if bare in labels or any(bare.endswith(x) and len(bare) <= len(x) + 2 for x in labels if bare):
            return cell
    return None


def _known(header: Header, context: Context, cells: Sequence[Cell]) -> dict[str, Cell]:
    got: dict[str, Cell] = {**context.constants, **header.found}
    return {**got, **{n: cells[i] for i, n in header.named.items() if i < len(cells)}}


def _field_count(
    source: Source,
    rejects: Rejects,
    header: Header,
    context: Context,
    n: int,
    cells: Sequence[Cell],
    *,
    cut: bool = False,
) -> None:
    line = ",".join(c or "" for c in cells)[:_SHOWN]
    want, got = len(header.cells), len(cells)
    if cut:
        zh = f"文件在第 {n} 行中间截断：应有 {want} 个字段，只有 {got} 个；请重新下载或重报该文件"
        en = f"the file ends inside line {n}: {got} of {want} fields; fetch or send it again"
    else:
        zh = f"第 {n} 行有 {got} 个字段，表头有 {want} 个；请检查多余或缺少的分隔符"
        en = f"line {n} has {got} fields, the header {want}; look for a missing or an extra delimiter"
    known = _known(header, context, cells)
    rejects.add(n, "cut_line" if cut else "field_count", zh, en, col=context.sheet, value=line, cells=known)


def _emit(source: Source, header: Header, layout: Layout, context: Context, rows: list[Row]) -> pa.Table:
    """The table of rows that have a cell at every position of the header."""
    count = len(rows)
    numbers = np.fromiter((n for n, _ in rows), np.int64, count)
    fixed: dict[str, Any] = {n: v for n, v in {**context.constants, **header.found}.items()}
    named = {n: _column(source, context, n, [r[1][i] for r in rows]) for i, n in header.named.items()}
    if layout.unpivot:
        u, width = layout.unpivot, len(header.items)
        at, which = np.repeat(np.arange(count), width), np.tile(np.arange(width), count)
        names = [header.cells[i] for i in header.items]
        if header.items and header.items == list(range(header.items[0], header.items[-1] + 1)):
            first, end = header.items[0], header.items[-1] + 1
            values = list(chain.from_iterable(r[1][first:end] for r in rows))
        else:
            values = [r[1][i] for r in rows for i in header.items]
        pick = pa.array(at)
        cells: dict[str, Any] = {**fixed, **{n: a.take(pick) for n, a in named.items()}}
        cells |= name_cells(u.name_column, u.unit_column, names, which)
        cells[u.value_column] = pa.array(values, pa.string())
        return table(source, numbers[at], _col(context, names, which), cells)
    if layout.unpivot_groups:
        g, factors = layout.unpivot_groups, [f for f, _ in header.groups]
        at, which = np.repeat(np.arange(count), len(factors)), np.tile(np.arange(len(factors)), count)
        pick = pa.array(at)
        cells = {**fixed, **{n: a.take(pick) for n, a in named.items()}}
        cells[g.name_column] = pa.array([split_unit(f)[0] for f in factors], pa.string()).take(
            pa.array(which)
        )
        for measure in g.measures:
            where = [m.get(measure) for _, m in header.groups]
            cells[measure] = pa.array(
                [None if i is None else r[1][i] for r in rows for i in where], pa.string()
            )
        if g.unit_column:
            units = [_unit(header, g, factor, m) for factor, m in header.groups]
            cells[g.unit_column] = pa.array(units, pa.string()).take(pa.array(which))
        return table(source, numbers[at], _col(context, factors, which), cells)
    return table(source, numbers, context.sheet, {**fixed, **named})


def _unit(header: Header, spec: UnpivotGroups, factor: str, measures: Mapping[str, int]) -> Cell:
    """The unit printed for the group's first measure: in the unit row, beside the measure or beside the factor."""
    at = next((measures[m] for m in spec.measures if m in measures), None)
    if at is not None and at < len(header.units) and header.units[at]:
        return split_unit(header.units[at] or "")[1] or header.units[at]
    return (split_unit(header.cells[at])[1] if at is not None else None) or split_unit(factor)[1]


def _col(context: Context, names: Sequence[str], which: np.ndarray) -> pa.Array:
    shown = [f"{context.sheet}!{n}" for n in names] if context.sheet else list(names)
    return pa.array(shown, pa.string()).take(pa.array(which))


def _column(source: Source, context: Context, name: str, cells: list[Cell]) -> pa.Array:
    if context.near and name in context.year_columns:
        cells = [full_year(c, context.near) for c in cells]
    return pa.array(cells, pa.string())
