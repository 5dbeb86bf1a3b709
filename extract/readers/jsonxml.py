"""JSON and XML payloads to lists of records, the whole ones kept when the payload is cut or spoiled.

Invariant: every record that begins in the payload is either handed over or told as spoiled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import entities
from typing import Any
from xml.parsers import expat

from extract.errors import LoadRefused
from extract.readers.texts import decode

_SHOWN = 200
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")


def _entity(m: re.Match[str]) -> str:
    """HTML's names (&mdash;), which XML does not know, as characters; XML's own stay."""
    name = m.group(1)
    return (
        m.group(0)
        if name in ("amp", "lt", "gt", "quot", "apos")
        else entities.html5.get(name + ";", m.group(0))
    )


@dataclass
class Records:
    """records with their 1-based numbers; spoiled: (number, check_id, what was sent of it, the cells known)."""

    records: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    spoiled: list[tuple[int, str, str, dict[str, str]]] = field(default_factory=list)
    doc: Any = None
    said: dict[str, str] = field(default_factory=dict)  # elements outside the records

    def add(self, record: dict[str, Any]) -> None:
        self.numbers.append(len(self.numbers) + len(self.spoiled) + 1)
        self.records.append(record)

    def spoil(self, check_id: str, text: str, cells: dict[str, str] | None = None) -> None:
        n = len(self.numbers) + len(self.spoiled) + 1
        self.spoiled.append((n, check_id, text[:_SHOWN], cells or {}))


def read_json(data: bytes, path: str, where: str) -> Records:
    """Objects of a JSON payload: a list (at the dotted path), or one object a line.

    A list that is cut hands over its whole items. Raises LoadRefused when there is no list of objects.
    """
    if not data.strip(b"\x00 \r\n\t\xef\xbb\xbf"):
        raise LoadRefused("the file is empty", where=where, todo="ask the sender for the file again")
    text = decode(data).text
    out = Records()
    try:
        out.doc = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except ValueError as e:
        _salvage(text, path, out)
        if not out.records:
            raise LoadRefused(
                "the file is not JSON", where=f"{where}: {e}", todo="ask for the file again"
            ) from e
        return out
    found = out.doc
    for step in path.split(".") if path else []:
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, Mapping):
        found = [found]
    if not isinstance(found, list):
        raise LoadRefused(
            f"no list of records at {path or 'the top'}",
            where=where,
            todo="correct options.records, or ask the provider",
        )
    for item in found:
        if isinstance(item, dict):
            out.add(item)
        else:
            out.spoil("bad_record", json.dumps(item, ensure_ascii=False))
    return out


def _salvage(text: str, path: str, out: Records) -> None:
    """Items of a list one by one, up to the one where the text ends or is broken."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    name = path.rsplit(".", 1)[-1]
    begin = re.search(rf'"{re.escape(name)}"\s*:\s*\[' if path else r"\A\s*\[", text)
    lines = begin is None and not path
    if begin is None and not lines:
        return
    at = begin.end() if begin else 0
    skip = re.compile(r"[\s,]*")
    while True:
        at = skip.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text) or text[at] == "]":
            return
        try:
            item, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as e:
            at_end = e.pos >= len(text.rstrip()) - 1 or e.msg.startswith("Unterminated")
            first = next(iter(out.records[0]), "") if out.records else ""
            # a record begins as its predecessors did: an inner object must not pass for one
            again = re.compile(rf'\{{\s*"{re.escape(first)}"\s*:').search(text, at + 1) if first else None
            if at_end or not again:
                out.spoil("cut_line" if at_end else "bad_record", text[at:])
                return
            out.spoil("bad_record", text[at : again.start()])
            at = again.start()
            continue
        if isinstance(item, dict):
            out.add(item)
        else:
            out.spoil("bad_record", text[at:end])
        at = end


def explode(
    records: Sequence[tuple[int, Mapping[str, Any]]], keys: Sequence[str]
) -> Iterator[tuple[int, str, dict]]:
    """(number of the record, path of the nested item such as outlets[0].pollutants[2], its own and outer keys)."""

    def walk(item: Mapping[str, Any], rest: Sequence[str], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if not rest:
            yield path, dict(item)
            return
        outer = {k: v for k, v in item.items() if k != rest[0]}
        for i, inner in enumerate(item.get(rest[0]) or []):
            step = f"{path}.{rest[0]}[{i}]" if path else f"{rest[0]}[{i}]"
            if isinstance(inner, Mapping):
                yield from ((p, {**outer, **row}) for p, row in walk(inner, rest[1:], step))

    for n, record in records:
        for path, row in walk(record, keys, ""):
            yield n, path, row


def read_xml(data: bytes, record_tag: str, where: str) -> Records:
    """Records of an XML payload: child elements by local name, namespaces left out.

    A payload cut inside a record hands over the whole ones. Raises LoadRefused when it is empty or no XML.
    """
    if not data.strip(b"\x00 \r\n\t\xef\xbb\xbf"):
        raise LoadRefused("the file is empty", where=where, todo="ask the sender for the file again")
    declared = re.search(rb"""<\?xml[^>]*encoding=["']([\w-]+)["']""", data[:200])
    if declared and declared.group(1).lower() in (b"gbk", b"gb2312", b"gb18030"):
        text = data.decode("gb18030", "replace")
    else:
        text = decode(data).text
    text = re.sub(r"\A\s*<\?xml.*?\?>", "", text, count=1, flags=re.S)
    text = _NAMED.sub(_entity, text)
    opening = re.compile(rf"<(?:[\w.-]+:)?{re.escape(record_tag)}[\s>]")
    out = Records()
    at = 0
    while True:
        begun, is_open, is_whole = _expat(text if at == 0 else "<r>" + text[at:], record_tag, out)
        if is_whole:
            return out
        # the parser stopped inside a record, between two, or behind the last
        starts = [m.start() for m in opening.finditer(text, at)]
        if at == 0 and not starts:
            raise LoadRefused("the file is not XML", where=where, todo="ask the sender for the file again")
        following = starts[begun] if begun < len(starts) else None
        if is_open:
            body = text[starts[begun - 1] : following]
            cells = dict(re.findall(r"<(?:[\w.-]+:)?([\w.-]+)>([^<]*)</", body))
            out.spoil("cut_line" if following is None else "bad_record", body, cells)
        if following is None:
            return out
        at = following


def _expat(text: str, record_tag: str, out: Records) -> tuple[int, bool, bool]:
    """Feed the text: (records begun, True when it stopped inside the last of them, True when the text is well-formed)."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    state: dict[str, Any] = {"record": None, "name": None, "depth": 0, "text": "", "begun": 0}

    def start(name: str, attrs: Any) -> None:
        local = name.rpartition(":")[2]
        if local == record_tag and state["record"] is None:
            state["record"], state["depth"] = {}, 0
            state["begun"] += 1
        elif state["record"] is not None:
            state["depth"] += 1
        state["name"], state["text"] = local, ""

    def end(name: str) -> None:
        local = name.rpartition(":")[2]
        if state["record"] is None:
            if local == state["name"] and state["text"].strip():
                out.said[local] = state["text"].strip()
        elif state["depth"] == 0:
            out.add(state["record"])
            state["record"] = None
        else:
            if local == state["name"]:
                state["record"][local] = state["text"]
            state["depth"] -= 1
        state["name"] = None

    def chars(data: str) -> None:
        state["text"] += data

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, chars
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError:
        return state["begun"], state["record"] is not None, False
    return state["begun"], False, True
