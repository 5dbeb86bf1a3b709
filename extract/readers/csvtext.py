"""CSV text to numbered lists of cells, whatever delimiter, quotes and line ends the sender used.

Invariant: one spoiled line costs that line only.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from typing import Literal

csv.field_size_limit(sys.maxsize)
_MAX_RESTARTS = 200  # a file with more stray quotes than this is read as if it had no quoting at all


def unended(text: str) -> bool:
    """True when the text does not end with a line end: its last record may be cut."""
    return bool(text) and text[-1] not in "\r\n"


def delimiter_of(text: str) -> str:
    """The one of comma, tab, semicolon and bar that the first lines hold most often; comma in doubt."""
    head = "\n".join(text[:20_000].split("\n")[:5])
    return max(",\t;|", key=lambda d: (head.count(d), d == ","))


def csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number on which the record begins, its cells); empty lines are left out.

    A quote that is never closed would swallow every line behind it: such a line is taken as it stands, and reading
    goes on with the next.
    """
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = text.split("\n")
    delimiter = delimiter_of(text)
    if '"' not in text:
        for n, line in enumerate(lines, 1):
            line = line.rstrip("\r")
            if line:
                yield n, line.split(delimiter)
        return
    at, width, restarts = 0, 0, 0
    while at < len(lines):
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if restarts < _MAX_RESTARTS else csv.QUOTE_NONE
        base = at
        source = (line.rstrip("\r") + "\n" for line in lines[base:])
        reader = csv.reader(source, delimiter=delimiter, quoting=quoting)
        for cells in reader:
            begin, at = at, base + reader.line_num
            if not cells:
                continue
            width = width or (len(cells) if len(cells) > 1 else 0)
            if at - begin > 1 and (
                (width and len(cells) != width) or sum(x.count('"') for x in lines[begin:at]) % 2
            ):
                yield begin + 1, lines[begin].rstrip("\r").split(delimiter)
                at, restarts = begin + 1, restarts + 1
                break
            yield begin + 1, cells
        else:
            return
