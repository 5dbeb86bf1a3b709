"""The rival: a careful plain-Python HJ 212 parser with a table CRC, the way gateways are written.

It shares nothing with the decoder but the names of the verdicts.
"""

from __future__ import annotations

import re
from datetime import datetime

_TABLE = []
for _byte in range(256):
    _reg = _byte
    for _ in range(8):
        _reg = (_reg >> 1) ^ 0xA001 if _reg & 1 else _reg >> 1
    _TABLE.append(_reg)

_KINDS = {
    "Rtd": "rtd", "Min": "min", "Avg": "avg", "Max": "max", "ZsRtd": "zs_rtd", "ZsMin": "zs_min",
    "ZsAvg": "zs_avg", "ZsMax": "zs_max", "Cou": "cou", "Flag": "device_flag", "EFlag": "vendor_flag",
}  # fmt: skip
_HEX4 = re.compile(rb"[0-9A-Fa-f]{4}")
_BARE = re.compile(rb"(?:QN=[^;]*;)?ST=[^;]*;CN=")


def _crc(data: bytes) -> int:
    reg, table = 0xFFFF, _TABLE
    for byte in data:
        reg = table[(reg >> 8) ^ byte]
    return reg


def _modbus_like(data: bytes, reg: int) -> int:
    for byte in data:
        reg = (reg >> 8) ^ _TABLE[(reg ^ byte) & 0xFF]
    return reg


def _swap(value: int) -> int:
    return (value >> 8) | (value & 255) << 8


def _delimit(text: bytes) -> tuple[str, bytes]:
    """(verdict so far, data segment) of a line from its ## on."""
    length = text[2:6]
    if len(length) < 4 and (not length or length.isdigit()):
        return "truncated", b""
    if not length.isdigit():
        return "length_field_bad", b""
    n = int(length)
    segment, given = text[6 : 6 + n], text[6 + n : 10 + n]
    if len(segment) == n and _HEX4.fullmatch(given) and int(given, 16) == _crc(segment):
        return "ok", segment
    cp = text.find(b"CP=&&")
    close = text.find(b"&&", cp + 5) if cp >= 0 else -1
    if close < 0:
        tail = text[-4:]
        if _HEX4.fullmatch(tail) and len(text) >= 14 and int(tail, 16) == _crc(text[6:-4]):
            return "length_mismatch", b""
        if len(text) - 6 < n + 4:
            return "truncated", b""
        return ("no_closing" if cp >= 0 else "bad_cp"), b""
    segment, given = text[6 : close + 2], text[close + 2 : close + 6]
    if len(segment) != n:
        return "length_mismatch", b""
    if not _HEX4.fullmatch(given):
        return "crc_missing", b""
    code = int(given, 16)
    if code == _swap(_crc(segment)):
        return "crc_byte_swapped", b""
    for start in (0xFFFF, 0):
        other = _modbus_like(segment, start)
        if code in (other, _swap(other)):
            return "crc_other_algorithm", b""
    return "crc_mismatch", b""


def _time_ok(text: str) -> bool:
    try:
        datetime.strptime(text[:14], "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return len(text) in (14, 17) and text.isdigit()


def _read(segment: bytes) -> tuple[str, list[dict[str, str | None]]]:
    text = segment.decode("ascii")
    head_text, mark, area = text.partition("CP=")
    if not mark or not area.startswith("&&"):
        return "bad_cp", []
    if len(area) < 4 or not area.endswith("&&"):
        return "no_closing", []
    head: dict[str, str] = {}
    for item in head_text.split(";"):
        if item:
            name, _, value = item.partition("=")
            head[name] = value
    cn = head.get("CN", "")
    if len(cn) != 4 or not cn.isdigit():
        return "bad_cn", []
    if not head.get("MN"):
        return "mn_empty", []
    flag = head.get("Flag")
    version = int(flag) >> 2 if flag else 0
    dialect = {0: "2005", 1: "2017", 2: "2025"}.get(version, "unknown")
    time: str | None = None
    rows: dict[str, dict[str, str | None]] = {}
    for item in re.split("[;,]", area[2:-2]):
        if not item:
            continue
        name, _, value = item.partition("=")
        if name == "DataTime":
            time = value
            continue
        factor, dash, kind = name.rpartition("-")
        if dash and kind in _KINDS:
            rows.setdefault(factor, {})[_KINDS[kind]] = value
    if time is not None and not _time_ok(time):
        return "datatime_bad", []
    if rows and time is None:
        return "datatime_missing", []
    out = [
        {"mn": head["MN"], "st": head.get("ST"), "cn": cn, "qn": head.get("QN"), "dialect": dialect,
         "data_time": time, "factor_code": factor, **values}
        for factor, values in rows.items()
    ]  # fmt: skip
    return "ok", out


def parse(data: bytes) -> tuple[list[str], list[tuple[int, dict[str, str | None]]]]:
    """(verdict of each packet in order, (number of the packet, row) of the accepted ones)."""
    verdicts: list[str] = []
    rows: list[tuple[int, dict[str, str | None]]] = []
    seen: set[bytes] = set()
    for line in data.split(b"\n"):
        line = line.rstrip()
        at = line.find(b"##")
        if at < 0:
            if _BARE.search(line) and b"CP=&&" in line:
                verdicts.append("header_missing")
            continue
        verdict, segment = _delimit(line[at:])
        found: list[dict[str, str | None]] = []
        if verdict == "ok":
            verdict, found = _read(segment)
        if verdict == "ok" and segment in seen:
            verdict, found = "duplicate_frame", []
        seen.add(segment)
        verdicts.append(verdict)
        number = len(verdicts)
        rows.extend((number, row) for row in found)
    return verdicts, rows
