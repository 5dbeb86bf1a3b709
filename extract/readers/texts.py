"""Text as it was sent: encodings, HTML in cells, printed units, headers that differ only in width or blanks."""

from __future__ import annotations

import codecs
import html
import json
import re
import unicodedata
from datetime import date
from typing import Any, NamedTuple

_TAG = re.compile(r"<[^>]*>")
_TITLE = re.compile(r"""title\s*=\s*(?:'([^']*)'|"([^"]*)")""")
_UNIT = re.compile(r"^(.*?)\s*[(（]([^()（）]*)[)）]\s*$", re.S)
_NO_YEAR = re.compile(r"^\s*(\d{1,2})[-/.](\d{1,2})(?=\D|$)")


class Decoded(NamedTuple):
    """text; encoding; cut: the bytes end inside a character; damaged: U+FFFD stands where no encoding explains a byte."""

    text: str
    encoding: str
    cut: bool = False
    damaged: bool = False


def decode(data: bytes) -> Decoded:
    """UTF-8 with or without BOM, UTF-16 with BOM, else GB 18030.

    A file that is UTF-8 but for a few damaged characters stays UTF-8; the caller rejects the records that hold one.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Decoded(data.decode("utf-16", "replace"), "utf-16")
    if data[:3] == codecs.BOM_UTF8:
        data = data[3:]
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            return Decoded(decoder.decode(data, False), encoding, bool(decoder.getstate()[0]))
        except UnicodeDecodeError:
            if encoding == "utf-8":
                loose = data.decode("utf-8", "replace")
                wide = sum(1 for c in loose if c > "\x7f")
                # GBK read as UTF-8 is nearly all replacement characters; a damaged UTF-8 file has a few
                if loose.count("\ufffd") * 5 < wide:
                    return Decoded(loose, "utf-8", damaged=True)
    return Decoded(data.decode("gb18030", "replace"), "gb18030", damaged=True)


def loads(data: bytes) -> Any:
    """JSON bytes to objects; numbers stay the text that was sent. Raises ValueError when it is not whole JSON."""
    return json.loads(decode(data).text, parse_float=str, parse_int=str, parse_constant=str)


def text(value: Any) -> str | None:
    """A JSON value as text: strings untouched, null none, true/false, lists and objects as compact JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def plain(cell: str) -> str:
    """The text of a cell that may hold HTML."""
    return html.unescape(_TAG.sub("", cell)).strip() if "<" in cell or "&" in cell else cell


def tooltip(cell: str) -> str | None:
    """What stands after the colon of a cell's title attribute (原始值：20.27), or None (极值过滤 is no value)."""
    m = _TITLE.search(cell)
    if not m:
        return None
    said = html.unescape(m.group(1) if m.group(1) is not None else m.group(2))
    parts = re.split(r"[:：]", said, maxsplit=1)
    return parts[1].strip() if len(parts) == 2 else None


def labelled(cell: str, label: str) -> str | None:
    """What the line `label：…` of a cell's title attribute says (所在地市:湖州市&#10;所属河流:西苕溪), or None."""
    m = _TITLE.search(cell)
    if not m:
        return None
    said = html.unescape(m.group(1) if m.group(1) is not None else m.group(2))
    line = re.search(rf"^\s*{re.escape(label)}\s*[:：](.*)$", said, re.M)
    return (line.group(1).strip() or None) if line else None


def split_unit(header: str) -> tuple[str, str | None]:
    """(name, unit) of a header such as 水温(℃) or one with HTML; unit None where none is printed."""
    shown = plain(header).strip()
    m = _UNIT.match(shown)
    return (m.group(1).strip(), m.group(2).strip()) if m else (shown, None)


def key(name: str) -> str:
    """A header reduced to what two senders agree on: full width folded, blanks and line ends gone."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", plain(name))).casefold()


def full_year(value: str | None, near: date) -> str | None:
    """`05-08 15:00` with the year in which it lies nearest to `near`; a text with a year is untouched."""
    m = _NO_YEAR.match(value) if value else None
    if not value or not m:
        return value
    month, day = int(m.group(1)), int(m.group(2))
    best: tuple[int, int] | None = None
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            gap = abs((date(year, month, day) - near).days)
        except ValueError:
            continue
        best = min(best, (gap, year)) if best else (gap, year)
    if best is None:
        return value
    return f"{best[1]:04d}-{month:02d}-{day:02d}{value[m.end() :]}"
