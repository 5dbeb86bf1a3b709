"""Sheets of text cells to rows: title rows, merged and unit headers, total rows, unpivoting.

Invariant: a sheet row is a row of the table, a rejected row with its reason, part of the header, or blank.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa

from extract.errors import LoadRefused
from extract.readers.base import Parsed
from extract.readers.csvtext import csv_rows, unended
from extract.readers.headers import (
    Cell,
    Context,
    Header,
    Layout,
    Row,
    UnpivotGroups,
    filled,
    find_header,
    is_unit_row,
    refuse_other_units,
)
from extract.readers.plaincsv import PlainCsv
from extract.readers.records import Rejects, name_cells, table
from extract.readers.texts import decode, full_year, key, split_unit
from extract.source import Source

_CHUNK = 20_000
_SEARCH = 40  # how many rows may stand above the header
_HALF = "\ufffd"  # stands for the character inside which a payload ends
_SHOWN = 200  # characters of a rejected line that are quoted


def parse_csv(source: Source, data: bytes, layout: Layout, context: Context) -> Parsed:
    """Rows of one CSV payload. Raises LoadRefused when it is empty or lacks a required column."""
    return next(csv_pieces(source, data, layout, context, sys.maxsize))


def csv_pieces(source: Source, data: bytes, layout: Layout, context: Context, rows: int) -> Iterator[Parsed]:
    """`parse_csv` in pieces of at most `rows` rows; no record is torn."""
    if not data.strip(b"\x00 \r\n\t\xef\xbb\xbf"):
        raise LoadRefused("the file is empty", where=context.where, todo="ask the sender for the file again")
    plain = PlainCsv.of(source, data, layout, context)
    if plain is not None:
        yield from plain.pieces(rows)
        return
    got = decode(data)
    yield from in_pieces(
        source,
        csv_rows(got.text + _HALF if got.cut else got.text),
        layout,
        context,
        ragged=True,
        is_cut=got.cut or unended(got.text),
        damaged=got.damaged or got.cut,
        most=rows,
    )


def from_rows(source: Source, rows: Iterable[Row], layout: Layout, context: Context) -> Parsed:
    """Numbered rows of cells to the source's table. Raises LoadRefused without a header."""
    return next(in_pieces(source, rows, layout, context))


def in_pieces(
    source: Source,
    rows: Iterable[Row],
    layout: Layout,
    context: Context,
    *,
    ragged: bool = False,
    is_cut: bool = False,
    damaged: bool = False,
    most: int = sys.maxsize,
) -> Iterator[Parsed]:
    """Numbered rows of cells to the source's table, in pieces of at most `most` rows; at least one piece.

    ragged: rows come as long as they were sent (CSV), so a wrong number of cells is a fault; is_cut: the payload does
    not end with a line end; damaged: cells may hold U+FFFD. Raises LoadRefused without a header.
    """
    stream = iter(rows)
    head_rows = list(islice(stream, _SEARCH))
    header, start = find_header(source, head_rows, layout, context)
    if layout.unit_row and start < len(head_rows) and is_unit_row(head_rows[start][1], header):
        header.units = list(head_rows[start][1])
        start += 1
    refuse_other_units(source, header, context.where)
    labels = frozenset(key(d) for d in layout.drop_rows)
    spread = max(1, len(header.items), len(header.groups))  # rows that a record becomes
    room = max(1, most // spread)
    chunk = min(_CHUNK, room)
    repeated, width = 0, len(header.cells)
    keys = [i for i, n in header.named.items() if n in source.natural_key]
    piece = _Piece(source, header, layout, context)
    for n, cells in chain(head_rows[start:], stream):
        if piece.records >= room:
            yield piece.parsed(0)
            piece = _Piece(source, header, layout, context)
        piece.last = n
        if ragged and len(cells) != width:
            if len(cells) < width:
                if any(cells):
                    piece.records += 1
                    piece.short[n] = cells
                continue
            if any(cells[width:]):
                piece.records += 1
                _field_count(source, piece.rejects, header, context, n, cells)
                continue
        if not filled(cells):
            continue
        if header.rows and cells[0] and list(cells[:width]) == header.cells:
            repeated += 1
            continue
        piece.records += 1
        if labels and (label := _total_label(cells, keys, labels)):
            piece.rejects.add(
                n, "total_row", f"该行是“{label}”汇总行，不是一条数据，未装载", f"a row of totals ({label}) is not a record",
                col=context.sheet, value=label, cells=_known(header, context, cells),
            )  # fmt: skip
            continue
        if damaged and any(c and _HALF in c for c in cells):
            piece.broken[n] = cells
            continue
        piece.pending.append((n, cells))
        if len(piece.pending) == chunk:
            piece.emit()
    notes: list[str] = []
    if repeated:
        notes.append(
            f"repeated_header: {context.where}: the header stands {repeated} more times among the rows"
        )
    doubled = sorted(h for h, n in Counter(header.cells).items() if h and n > 1)
    if doubled and not layout.unpivot_groups:
        notes.append(f"duplicate_header: {context.where}: {', '.join(doubled[:10])}")
    whole = piece.parsed(piece.last if is_cut else 0)
    whole.notes = notes
    yield whole


class _Piece:
    """Records of one piece of a payload: rows to be made into a table, and those that are no rows."""

    def __init__(self, source: Source, header: Header, layout: Layout, context: Context) -> None:
        self.source, self.header, self.layout, self.context = source, header, layout, context
        self.rejects = Rejects(source)
        self.pending: list[Row] = []
        self.short: dict[int, Sequence[Cell]] = {}
        self.broken: dict[int, Sequence[Cell]] = {}
        self.records, self.last = 0, 0
        self._tables: list[pa.Table] = []

    def emit(self) -> None:
        """Makes a table of what is pending."""
        self._tables.append(_emit(self.source, self.header, self.layout, self.context, self.pending))
        self.pending = []

    def parsed(self, cut_at: int) -> Parsed:
        """The piece; cut_at: the number of the payload's last line where the payload ends inside it, else 0."""
        if self.pending or not self._tables:
            self.emit()
        for n, cells in self.short.items():
            _field_count(self.source, self.rejects, self.header, self.context, n, cells, cut=n == cut_at)
        for n, cells in self.broken.items():
            _bad_bytes(self.rejects, self.header, self.context, n, cells, cut=n == cut_at)
        return Parsed(pa.concat_tables(self._tables), records_in=self.records, rejects=self.rejects.table())


# ---------------------------------------------------------------- rows


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


def _bad_bytes(
    rejects: Rejects, header: Header, context: Context, n: int, cells: Sequence[Cell], *, cut: bool
) -> None:
    at = next(i for i, c in enumerate(cells) if c and _HALF in c)
    if cut:
        zh = f"文件在第 {n} 行的一个字符中间截断，请重新下载或重报该文件"
        en = f"the file ends inside a character of line {n}; fetch or send it again"
    else:
        zh, en = (
            "该行含有无法识别的字节（编码损坏），请重新导出",
            "bytes that no encoding explains; export again",
        )
    known = _known(header, context, cells)
    check = "cut_line" if cut else "bad_bytes"
    rejects.add(
        n, check, zh, en, col=context.sheet, column_name=header.named.get(at), value=cells[at], cells=known
    )


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
        if u.flag_column and header.flags:
            beside = [None if i is None else r[1][i] for r in rows for i in header.flags]
            cells[u.flag_column] = pa.array(beside, pa.string())
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
