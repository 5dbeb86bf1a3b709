"""What a HJ 212 frame is, and the one verdict it gets: the plain form that `hj212_codec` must agree with.

Invariant: every function takes any bytes and raises nothing; a frame gets exactly one reason of `REASONS`, the first
that applies in the order of that list. docs/hj212.md says the same in prose.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field

OK = "ok"

# reason → (Chinese, English); the order is the order in which a frame is judged
REASONS: dict[str, tuple[str, str]] = {
    OK: ("正常", "accepted"),
    "header_missing": (
        "报文没有包头“##”和4位长度；请按 HJ 212 补全包头后重发",
        "the packet has no header ## with a length of four digits; send whole packets",
    ),
    "length_field_bad": (
        "数据段长度不是4位十进制数字；请按4位补零填写（如 0299）",
        "the length field is not four decimal digits; pad it with zeros (0299)",
    ),
    "truncated": (
        "报文在数据段结束前中断；请核对通信并补传",
        "the packet ends before its data segment does; check the line and send it again",
    ),
    "length_mismatch": (
        "声明的数据段长度与实际不符；请核对数采仪的长度计算（数据段字符数，不含包头、CRC、包尾）",
        "the declared length differs from the data segment sent; count its characters without header, CRC and footer",
    ),
    "crc_missing": (
        "数据段之后没有4位十六进制 CRC；请补全校验码",
        "no CRC of four hexadecimal digits follows the data segment; add it",
    ),
    "crc_byte_swapped": (
        "CRC 高低字节颠倒；HJ 212 要求高字节在前，请修正数采仪的字节序",
        "the bytes of the CRC are exchanged; HJ 212 wants the high byte first",
    ),
    "crc_other_algorithm": (
        "CRC 是另一种 CRC-16（Modbus 或 ARC）的结果；请改用 HJ 212 附录A 的算法",
        "the CRC is that of another CRC-16 (Modbus or ARC); use the algorithm of HJ 212 annex A",
    ),
    "crc_mismatch": (
        "CRC 校验不符，报文内容不可信；请核对通信质量或校验算法并补传",
        "the CRC does not fit the data segment; check the line or the algorithm and send it again",
    ),
    "no_closing": (
        "数据区没有以“&&”结束；请补全 CP=&&…&&",
        "the data area does not end with &&; send CP=&&...&& whole",
    ),
    "bad_segment": (
        "数据段字段不合“名称=值”的格式或重复；请核对 QN、ST、CN、PW、MN、Flag",
        "a field of the data segment is not name=value or comes twice; check QN, ST, CN, PW, MN, Flag",
    ),
    "bad_cp": (
        "数据区 CP 不合格式（应为 CP=&&名称=值;…&&）；请核对分隔符",
        "the data area is not CP=&&name=value;...&&; check its separators",
    ),
    "bad_cn": (
        "命令编码 CN 缺失或不是4位数字；请按 HJ 212 表9 填写",
        "the command code CN is missing or not four digits; see HJ 212 table 9",
    ),
    "mn_empty": (
        "设备唯一标识 MN 为空，数据无法归属；请填写备案的 MN",
        "the device identifier MN is empty, so the data belong to nobody; send the registered MN",
    ),
    "bad_packet_no": (
        "分包信息不合理：PNUM、PNO 应为数字且 1≤PNO≤PNUM；请核对",
        "PNUM and PNO must be numbers with 1 <= PNO <= PNUM",
    ),
    "cp_encrypted": (
        "数据区疑为 HJ 212-2025 的 SM4 密文，无密钥不能解读；请发送明文或提供密钥",
        "the data area looks encrypted (HJ 212-2025, SM4) and cannot be read without the key",
    ),
    "datatime_bad": (
        "数据时间 DataTime 不是存在的时刻（应为 YYYYMMDDhhmmss）；请核对时钟与格式",
        "DataTime is not an existing instant (YYYYMMDDhhmmss wanted); check clock and format",
    ),
    "datatime_missing": (
        "监测数据没有数据时间 DataTime，无法归入时段；请补上",
        "the measured values carry no DataTime; send it",
    ),
    "duplicate_frame": (
        "与本文件中前面的一条报文逐字节相同，只计一次；无需处理",
        "byte for byte equal to an earlier packet of this file, counted once; nothing to do",
    ),
    "multi_packet_incomplete": (
        "分包不全：本包没有 DataTime，而带 DataTime 的那一包不在本文件中；请补传整组",
        "this packet of a split message has no DataTime and the one that has it is not in this file; send the whole set",
    ),
}

# item of the data area → column of the source; what is not named here stays in the payload alone
FIELDS = {
    "Rtd": "rtd", "Min": "min", "Avg": "avg", "Max": "max", "ZsRtd": "zs_rtd", "ZsMin": "zs_min",
    "ZsAvg": "zs_avg", "ZsMax": "zs_max", "Cou": "cou", "Flag": "device_flag", "EFlag": "vendor_flag",
}  # fmt: skip
FIELD_COLUMNS = tuple(FIELDS.values())
FIELD_NO = {name: i for i, name in enumerate(FIELDS)}
HEAD = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "CP")

HEX = frozenset(b"0123456789abcdefABCDEF")
# ## with a length, with a field of the segment soon after, or cut off at the end; any other ## is text of the log
CANDIDATE = re.compile(
    rb"##(?!#)(?:(?=\d{4})|(?=[^\r\n]{0,8}?(?:QN|ST|CN|PW|MN|Flag|CP)=)|(?=\d{1,3}(?:[\r\n]|\Z))|(?<![#]##)\Z)"
)
_SEGMENT_START = re.compile(rb"(?:QN=[^;=\r\n]{0,40};)?(?:ST=[^;=\r\n]{0,16})?\Z")
_CIPHER = re.compile(r"[0-9A-Za-z+/]{16,}={0,2}")
_BLANK = b" \t\r\n\0\x0b\x0c"


def _crc_table() -> list[int]:
    out = []
    for byte in range(256):
        reg = byte
        for _ in range(8):
            reg = (reg >> 1) ^ (0xA001 if reg & 1 else 0)
        out.append(reg)
    return out


CRC_TABLE = _crc_table()
# only the high byte of the register meets the next byte (annex A), so eight bits of state are enough
CRC_HIGH = bytes(v >> 8 for v in CRC_TABLE)


def crc(data: bytes) -> int:
    """CRC of HJ 212 annex A over bytes: register 0xFFFF, polynomial 0xA001; 16 bits."""
    if not data:
        return 0xFFFF
    high, table = 0xFF, CRC_HIGH
    for byte in data[:-1]:
        high = table[high ^ byte]
    return CRC_TABLE[high ^ data[-1]]


def _crc_reflected(data: bytes, start: int) -> int:
    reg = start
    for byte in data:
        reg = (reg >> 8) ^ CRC_TABLE[(reg ^ byte) & 0xFF]
    return reg


def _swapped(value: int) -> int:
    return (value >> 8) | ((value & 0xFF) << 8)


def crc_reason(segment: bytes, given: int) -> str:
    """Why a CRC that does not fit does not fit: crc_byte_swapped, crc_other_algorithm or crc_mismatch."""
    if given == _swapped(crc(segment)):
        return "crc_byte_swapped"
    for start in (0xFFFF, 0x0000):  # Modbus, ARC
        other = _crc_reflected(segment, start)
        if given in (other, _swapped(other)):
            return "crc_other_algorithm"
    return "crc_mismatch"


@dataclass
class Frame:
    """One candidate frame: where it stands, its verdict, and what was read of it.

    start, end: its bytes in the buffer; segment: the data segment's bytes (empty when the frame was not delimited);
    crc_valid: the CRC fits the segment as sent, whatever else is wrong; items: (factor, field number, text) in order.
    """

    start: int
    end: int
    reason: str = OK
    segment: bytes = b""
    crc_valid: bool = False
    head: dict[str, str] = field(default_factory=dict)
    data_time: str | None = None
    items: list[tuple[str, int, str]] = field(default_factory=list)
    other_items: int = 0
    pnum: int = 0
    pno: int = 0
    marks: list[str] = field(default_factory=list)

    @property
    def dialect(self) -> str:
        return dialect_of(self.head.get("Flag"))


def dialect_of(flag: str | None) -> str:
    """2005, 2017, 2025 or unknown by the version bits of Flag (HJ 212-2017 table 3; 2025 by one public parser)."""
    if not flag:
        return "2005"
    if not (flag.isascii() and flag.isdigit()):
        return "unknown"
    return {0: "2005", 1: "2017", 2: "2025"}.get(int(flag[:6]) >> 2, "unknown")


def text_of(data: bytes) -> str:
    """Text of bytes from a frame: UTF-8, else GB 18030, else one character a byte."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def valid_time(text: str) -> bool:
    """Whether YYYYMMDDhhmmss (or with three more digits for milliseconds) is an instant; 24:00:00 is one."""
    if len(text) not in (14, 17) or not (text.isascii() and text.isdigit()):
        return False
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:14])
    if not (1900 <= year <= 2199 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return False
    return (hour < 24 and minute < 60 and second < 60) or (hour == 24 and text[10:].strip("0") == "")


def framed(data: bytes, start: int) -> tuple[int, int] | None:
    """(end of segment, end of frame) when length, CRC digits and CRC of the frame at `start` all hold."""
    digits = data[start + 2 : start + 6]
    if len(digits) != 4 or not digits.isdigit():
        return None
    end = start + 6 + int(digits)
    given = data[end : end + 4]
    if len(given) != 4 or not HEX.issuperset(given) or int(given, 16) != crc(data[start + 6 : end]):
        return None
    return end, end + 4


def judge_broken(data: bytes, start: int, limit: int) -> Frame:
    """Verdict on a candidate at `start` that is not framed; its bytes end at `limit` at the latest."""
    line = data[start:limit].rstrip(_BLANK)
    frame = Frame(start, start + len(line))
    digits = line[2:6]
    if len(digits) < 4 and (not digits or digits.isdigit()):
        frame.reason = "truncated"
        return frame
    tail_given = line[-4:]
    tail_ok = len(line) >= 14 and HEX.issuperset(tail_given) and int(tail_given, 16) == crc(line[6:-4])
    if not digits.isdigit():
        frame.reason = "length_field_bad"
        frame.crc_valid = tail_ok or _shifted_crc(line)
        return frame
    declared = int(digits)
    cp = line.find(b"CP=&&")
    close = line.find(b"&&", cp + 5) if cp >= 0 else -1
    if close >= 0:
        segment = line[6 : close + 2]
        given = line[close + 2 : close + 6]
        whole = len(given) == 4 and HEX.issuperset(given)
        frame.end = start + close + 2 + (4 if whole else 0)
        frame.crc_valid = whole and int(given, 16) == crc(segment)
        frame.segment = segment
        if len(segment) != declared:
            frame.reason = "length_mismatch"
        elif not whole:
            frame.reason = "crc_missing"
        else:
            frame.reason = crc_reason(segment, int(given, 16))
    elif tail_ok:
        frame.reason, frame.crc_valid, frame.segment = "length_mismatch", True, line[6:-4]
    elif len(line) - 6 < declared + 4:
        frame.reason = "truncated"
    else:
        frame.reason = "no_closing" if cp >= 0 else "bad_cp"
    return frame


def _shifted_crc(line: bytes) -> bool:
    """Whether the CRC holds behind a length of fewer digits (##299ST=…)."""
    m = re.match(rb"##\d{0,3}", line)
    return bool(
        m and len(line) >= 14 and HEX.issuperset(line[-4:]) and int(line[-4:], 16) == crc(line[m.end() : -4])
    )


def judge_headerless(data: bytes, at: int, low: int, limit: int) -> Frame | None:
    """Verdict on a data segment without ## around `;CN=` at `at`; None when it is not one (no CP=&& on the line)."""
    m = _SEGMENT_START.search(data, max(low, at - 64), at)
    start = m.start() if m else at
    line = data[start:limit].rstrip(_BLANK)
    if b"CP=&&" not in line:
        return None
    tail = line[-4:]
    good = len(line) > 8 and HEX.issuperset(tail) and int(tail, 16) == crc(line[:-4])
    return Frame(start, start + len(line), "header_missing", b"", good)


def read_segment(frame: Frame) -> Frame:
    """Parse the segment of a framed frame into head and items, or set the reason why not."""
    segment = frame.segment
    if not segment.isascii():
        frame.marks.append("non_ascii")
    cp = 0 if segment.startswith(b"CP=") else segment.find(b";CP=") + 1
    if cp == 0 and not segment.startswith(b"CP="):
        return _no(frame, "bad_cp")
    area = segment[cp + 3 :]
    if not area.startswith(b"&&"):
        return _no(frame, "bad_cp")
    if len(area) < 4 or not area.endswith(b"&&"):
        return _no(frame, "no_closing")
    frame.head["CP"] = ""
    for item in segment[:cp].split(b";"):
        name, equals, value = item.partition(b"=")
        if not item.strip(_BLANK):
            continue
        key = text_of(name).strip()
        if not equals or key in frame.head:
            return _no(frame, "bad_segment")
        if key in HEAD:
            frame.head[key] = text_of(value)
    head = frame.head
    inner = area[2:-2]
    if b"&&" in inner:
        return _no(frame, "bad_cp")
    cn = head.get("CN", "")
    if not (len(cn) == 4 and cn.isascii() and cn.isdigit()):
        return _no(frame, "bad_cn")
    if not head.get("MN", "").strip():
        return _no(frame, "mn_empty")
    if not _packet(frame):
        return _no(frame, "bad_packet_no")
    if frame.dialect == "2025" and _CIPHER.fullmatch(text_of(inner)):
        return _no(frame, "cp_encrypted")
    return _read_items(frame, inner)


def _no(frame: Frame, reason: str) -> Frame:
    frame.reason = reason
    return frame


def _packet(frame: Frame) -> bool:
    """Set pnum and pno of a split message (both 0 when it is not split); False when they make no sense."""
    pnum, pno = (frame.head.get(k, "").strip() for k in ("PNUM", "PNO"))
    if not pnum and not pno:
        return True
    if not (pnum.isascii() and pnum.isdigit() and len(pnum) <= 5):
        return False
    if int(pnum) <= 1:
        return True
    if not (pno.isascii() and pno.isdigit() and len(pno) <= 5 and 1 <= int(pno) <= int(pnum)):
        return False
    frame.pnum, frame.pno = int(pnum), int(pno)
    return True


def _read_items(frame: Frame, inner: bytes) -> Frame:
    for group in inner.split(b";"):
        pairs: list[tuple[bytes, bytes]] = []
        for piece in group.split(b","):
            name, equals, value = piece.partition(b"=")
            if equals:
                pairs.append((name, value))
            elif pairs:  # a comma inside a value: PolId=w01018,w01019
                pairs[-1] = (pairs[-1][0], pairs[-1][1] + b"," + piece)
            elif piece.strip(_BLANK):
                return _no(frame, "bad_cp")
        for name, value in pairs:
            key = text_of(name).strip()
            if key == "DataTime":
                text = text_of(value)
                if frame.data_time is not None and frame.data_time.strip() != text.strip():
                    return _no(frame, "datatime_bad")
                frame.data_time = text
                continue
            factor, dash, kind = key.rpartition("-")
            if dash and factor and kind in FIELD_NO:
                frame.items.append((factor, FIELD_NO[kind], text_of(value)))
            else:
                frame.other_items += 1
    if frame.data_time is not None and not valid_time(frame.data_time.strip()):
        # CN that carry no measurement may leave DataTime empty
        if frame.data_time.strip() or frame.items:
            return _no(frame, "datatime_bad")
        frame.data_time = None
    if frame.items and frame.data_time is None and not frame.pnum:
        return _no(frame, "datatime_missing")
    return frame
