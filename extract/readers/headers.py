"""Where a sheet's header stands and what its columns are: title rows, merged cells, units, several names for one column.

Invariant: the header is the first row (or two) that names every required column; without one the payload is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from extract.errors import LoadRefused
from extract.readers.records import Unpivot, match_headers, require_columns
from extract.readers.texts import key, split_unit
from extract.source import Source, Strict

Cell = str | None
Row = tuple[int, Sequence[Cell]]


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
    flags: list[int | None] = field(
        default_factory=list
    )  # beside each item, where the layout has flag columns
    groups: list[tuple[str, dict[str, int]]] = field(default_factory=list)
    units: list[Cell] = field(default_factory=list)
    found: dict[str, Cell] = field(default_factory=dict)  # told by the rows above the header
    rows: int = 1


def filled(cells: Sequence[Cell]) -> bool:
    """True when a cell holds more than blanks."""
    return any(c and not c.isspace() for c in cells)


def find_header(source: Source, rows: list[Row], layout: Layout, context: Context) -> tuple[Header, int]:
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
        flags: list[int | None] = []
        if layout.unpivot.flag_suffix and layout.unpivot.flag_column:
            at = {key(c): i for i, c in reversed(list(enumerate(cells))) if i not in ids}
            beside = {i: at.get(key(cells[i] + layout.unpivot.flag_suffix)) for i in items}
            items = [i for i in items if i not in beside.values()]
            flags = [beside[i] for i in items]
        return Header(cells, named, items, flags)
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


def is_unit_row(cells: Sequence[Cell], header: Header) -> bool:
    """True when the named columns say nothing in it (or 单位) while others do."""
    said = {(cells[i] or "").strip() for i in header.named if i < len(cells)}
    return said <= {"", "单位", "-", "/", "--"} and filled(cells)


def refuse_other_units(source: Source, header: Header, where: str) -> None:
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
