"""CSV as machines write it, read column by column: hundreds of times a person's file, and nothing odd in it.

Invariant: what is read here is what extract/readers/tabular.py would have read; a payload with anything out of the ordinary
(quotes, blank or ragged lines, titles, another encoding, a cut end) is left to it as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from extract.errors import LoadRefused
from extract.readers.base import Parsed
from extract.readers.csvtext import csv_rows, delimiter_of
from extract.readers.headers import Context, Header, Layout, Row, find_header
from extract.readers.records import Unpivot, name_cells, table
from extract.source import Source

SMALLEST = 1 << 20  # bytes; smaller payloads gain nothing
_BLOCK = 8 << 20
_HEAD = 20_000  # bytes in which the delimiter and the header are looked for


class PlainCsv:
    """One payload that holds nothing odd. `of` gives None for any other."""

    def __init__(
        self, source: Source, data: bytes, layout: Layout, context: Context, header: Header, delimiter: str
    ) -> None:
        self._source, self._data, self._layout, self._context = source, data, layout, context
        self._header, self._delimiter = header, delimiter

    @classmethod
    def of(cls, source: Source, data: bytes, layout: Layout, context: Context) -> PlainCsv | None:
        """The payload, when it is surely plain."""
        simple = layout.header_rows == 1 and not (
            layout.unit_row or layout.drop_rows or layout.unpivot_groups
        )
        if len(data) < SMALLEST or not simple or context.near or context.sheet or not data.endswith(b"\n"):
            return None
        odd = (b'"', b"\x00", b"\xef\xbb\xbf", b"\n\n", b"\n\r", "\ufffd".encode())
        if any(x in data for x in odd) or data.count(b"\r") != data.count(b"\r\n"):
            return None
        try:
            head = data[:_HEAD].rpartition(b"\n")[0].decode()
        except UnicodeDecodeError:
            return None
        delimiter = delimiter_of(head)
        rows: list[Row] = list(islice(csv_rows(head), 40))
        try:
            header, start = find_header(source, rows, layout, context)
        except LoadRefused:
            return None  # told by who reads all of it
        if start != 1 or rows[0][0] != 1 or max(Counter(header.cells).values()) > 1:
            return None
        if layout.unpivot and not header.items:
            return None
        plain = cls(source, data, layout, context, header, delimiter)
        return plain if plain._is_plain() else None

    def _blocks(self) -> Iterator[pa.RecordBatch]:
        names = [f"c{i}" for i in range(len(self._header.cells))]
        at = self._data.index(b"\n") + 1
        yield from pacsv.open_csv(
            pa.BufferReader(pa.py_buffer(self._data).slice(at)),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names),
            parse_options=pacsv.ParseOptions(
                delimiter=self._delimiter, quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )

    def _is_plain(self) -> bool:
        """Whether every line has as many cells as the header, begins with a filled one, and is no repeated header."""
        title = self._header.cells[0]
        try:
            for block in self._blocks():
                first = pc.utf8_trim_whitespace(block.column(0))
                if pc.any(pc.or_(pc.equal(first, ""), pc.equal(first, title))).as_py():
                    return False
        except pa.ArrowInvalid:  # a ragged line, or bytes that are no UTF-8
            return False
        return True

    def pieces(self, rows: int) -> Iterator[Parsed]:
        """The payload's rows in pieces of at most `rows`; at least one piece."""
        room = max(1, rows // max(1, len(self._header.items)))
        waiting: list[pa.RecordBatch] = []
        held, number = 0, 2
        for block in self._blocks():
            while held + block.num_rows >= room:
                waiting.append(block.slice(0, room - held))
                yield self._parsed(waiting, number)
                block = block.slice(room - held)
                number, held, waiting = number + room, 0, []
            if block.num_rows:
                waiting.append(block)
                held += block.num_rows
        if waiting or number == 2:
            yield self._parsed(waiting, number)

    def _parsed(self, blocks: list[pa.RecordBatch], number: int) -> Parsed:
        header, count = self._header, sum(b.num_rows for b in blocks)
        empty = pa.schema([(f"c{i}", pa.string()) for i in range(len(header.cells))])
        whole = pa.Table.from_batches(blocks, schema=empty).combine_chunks()
        cells: dict[str, object] = {**self._context.constants, **header.found}
        named = {n: _array(whole, i) for i, n in header.named.items()}
        at, col = np.arange(count), None
        if self._layout.unpivot:
            at, col, items = self._unpivoted(self._layout.unpivot, whole)
            pick = pa.array(at)
            named = {n: cell.take(pick) for n, cell in named.items()}
            cells |= items
        return Parsed(table(self._source, number + at, col, cells | named), records_in=count)

    def _unpivoted(self, unpivot: Unpivot, whole: pa.Table) -> tuple[np.ndarray, pa.Array, dict[str, object]]:
        """Of each (record, item): the record's place, the item's name, and the cells that the item gives."""
        header, count, width = self._header, whole.num_rows, len(self._header.items)
        at, which = np.repeat(np.arange(count), width), np.tile(np.arange(width), count)
        # cell (record, item) of columns laid end to end
        across = pa.array((np.arange(count)[:, None] + count * np.arange(width)[None, :]).ravel())
        items = [header.cells[i] for i in header.items]
        cells: dict[str, object] = dict(name_cells(unpivot.name_column, unpivot.unit_column, items, which))
        cells[unpivot.value_column] = pa.concat_arrays([_array(whole, i) for i in header.items]).take(across)
        if unpivot.flag_column and header.flags:
            nothing = pa.nulls(count, pa.string())
            beside = [nothing if i is None else _array(whole, i) for i in header.flags]
            cells[unpivot.flag_column] = pa.concat_arrays(beside).take(across)
        return at, pa.array(items, pa.string()).take(pa.array(which)), cells


def _array(whole: pa.Table, i: int) -> pa.Array:
    column = whole.column(i)
    return column.chunk(0) if column.num_chunks else pa.array([], pa.string())
