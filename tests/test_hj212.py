"""HJ 212: verdicts by the text of the standard, on planted faults, and that the block form agrees with the plain one."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import _hj212_frames, _hj212_plain
from bench.hj212_decode import differences
from extract.readers import hj212_codec as codec
from extract.readers import hj212_rules as rules
from extract.readers.base import Request, get_reader
from extract.readers.hj212 import parse_bytes
from extract.readers.hj212_rules import REASONS, crc
from extract.source import get_source

SOURCE = get_source("cems_hj212")
# HJ 212-2017 annex A: this command has the CRC 1C80
ANNEX = b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80"
HEAD = b"QN=20260131010000000;ST=31;CN=2061;PW=123456;MN=330603000001;Flag=5;"
HOUR = HEAD + b"CP=&&DataTime=20260131000000;a21026-Avg=12.5,a21026-Flag=N&&"


def packet(segment: bytes, length: int | None = None) -> bytes:
    return b"##%04d%s%04X" % (len(segment) if length is None else length, segment, crc(segment))


def verdicts(parsed) -> dict[int, str]:
    """Number of each packet → verdict; row rejects are left out."""
    out = dict.fromkeys(range(1, parsed.records_in + 1), "ok")
    if parsed.rejects is not None:
        for no, check in zip(
            parsed.rejects["_row_no"].to_pylist(), parsed.rejects["check_id"].to_pylist(), strict=True
        ):
            if check.startswith("frame_"):
                assert out[no] == "ok", "one verdict a packet"
                out[no] = check.removeprefix("frame_")
    return out


def one(data: bytes) -> str:
    found = verdicts(parse_bytes(SOURCE, data))
    assert len(found) == 1, found
    return found[1]


def rows(data: bytes) -> list[dict]:
    return parse_bytes(SOURCE, data).table.to_pylist()


# ---------------------------------------------------------------- the standard


def test_annex_example_has_crc_1c80():
    assert crc(ANNEX[6:-4]) == 0x1C80
    assert len(ANNEX[6:-4]) == 101
    assert one(ANNEX + b"\r\n") == "ok"
    starts = np.array([0], np.int64)
    assert codec.segment_ends(ANNEX, starts)[0].tolist() == [107]


def test_crc_by_running_xor_is_the_bitwise_crc_of_the_annex():
    rng = np.random.default_rng(7)
    segments = [rng.integers(0, 256, n, dtype=np.uint8).tobytes() for n in [*range(2, 70), 511, 1024, 9999]]
    for segment in segments:
        reg = 0xFFFF
        for byte in segment:
            reg = (reg >> 8) ^ byte
            for _ in range(8):
                low = reg & 1
                reg >>= 1
                if low:
                    reg ^= 0xA001
        assert crc(segment) == reg
    stream = b"noise".join(packet(s) for s in segments)
    starts, at = [], 0
    for s in segments:
        starts.append(at)
        at += len(packet(s)) + 5
    ends, prints = codec.segment_ends(stream, np.array(starts))
    assert ends.tolist() == [a + 6 + len(s) for a, s in zip(starts, segments, strict=True)]
    assert len(set(prints.tolist())) == len(segments)


@pytest.mark.parametrize(
    ("flag", "dialect"),
    [(None, "2005"), ("0", "2005"), ("2", "2005"), ("3", "2005"), ("4", "2017"), ("5", "2017"), ("7", "2017"),
     ("8", "2025"), ("9", "2025"), ("12", "unknown"), ("x", "unknown"), ("", "2005")],
)  # fmt: skip
def test_dialect_by_the_version_bits_of_flag(flag, dialect):
    assert rules.dialect_of(flag) == dialect


# ---------------------------------------------------------------- one packet for every reason

_SWAPPED = b"##%04d%s%02X%02X" % (len(HOUR), HOUR, crc(HOUR) & 255, crc(HOUR) >> 8)


def _modbus(data: bytes) -> int:
    reg = 0xFFFF
    for byte in data:
        reg ^= byte
        for _ in range(8):
            reg = (reg >> 1) ^ (0xA001 if reg & 1 else 0)
    return reg


PLANTED = {
    "ok": packet(HOUR),
    "header_missing": packet(HOUR)[6:],
    "length_field_bad": b"##" + packet(HOUR)[3:],
    "truncated": packet(HOUR)[:70],
    "length_mismatch": packet(HOUR, len(HOUR) + 2),
    "crc_missing": packet(HOUR)[:-4],
    "crc_byte_swapped": _SWAPPED,
    "crc_other_algorithm": b"##%04d%s%04X" % (len(HOUR), HOUR, _modbus(HOUR)),
    "crc_mismatch": packet(HOUR).replace(b"=12.5", b"=72.5"),
    "no_closing": packet(HOUR[:-2]),
    "bad_segment": packet(HOUR.replace(b"ST=31", b"ST31")),
    "bad_cp": packet(HOUR.replace(b"CP=&&DataTime", b"CP=DataTime")),
    "bad_cn": packet(HOUR.replace(b"CN=2061", b"CN=206")),
    "mn_empty": packet(HOUR.replace(b"330603000001", b"")),
    "bad_packet_no": packet(HOUR.replace(b"Flag=5;", b"Flag=7;PNUM=2;PNO=3;")),
    "cp_encrypted": packet(b"ST=31;CN=2061;MN=M1;Flag=9;CP=&&c2VjcmV0IGNpcGhlcnRleHQgaGVyZQ==&&"),
    "datatime_bad": packet(HOUR.replace(b"20260131000000", b"20260230000000")),
    "datatime_missing": packet(HOUR.replace(b"DataTime=20260131000000;", b"")),
    "multi_packet_incomplete": packet(
        HEAD.replace(b"Flag=5", b"Flag=7") + b"PNUM=2;PNO=2;CP=&&a21002-Avg=3.5&&"
    ),
}


@pytest.mark.parametrize("reason", [r for r in REASONS if r != "duplicate_frame"])
def test_every_reason_is_given_for_its_fault(reason):
    for data in (PLANTED[reason], b"gateway 01 recv: " + PLANTED[reason] + b"\r\n\r\nnext line\n"):
        assert one(data) == reason


def test_reasons_say_what_to_do_in_both_languages():
    for reason, (zh, en) in REASONS.items():
        assert zh and en and en.isascii()
        if reason != "ok":
            assert any(w in zh for w in ("请", "无需")), reason


def test_duplicate_packet_is_counted_once():
    parsed = parse_bytes(SOURCE, b"\r\n".join([packet(HOUR)] * 3) + b"\r\n")
    assert list(verdicts(parsed).values()) == ["ok", "duplicate_frame", "duplicate_frame"]
    assert parsed.table.num_rows == 1
    faulty = packet(HOUR.replace(b"330603000001", b""))
    assert list(verdicts(parse_bytes(SOURCE, faulty + b"\n" + faulty)).values()) == ["mn_empty"] * 2


def test_faults_in_one_log_do_not_touch_their_neighbours():
    order = list(PLANTED)
    good = [packet(HOUR.replace(b"12.5", b"%d" % i)) for i in range(len(order))]
    lines = [x for i, reason in enumerate(order) for x in (PLANTED[reason], good[i])]
    found = list(verdicts(parse_bytes(SOURCE, b"\r\n".join(lines))).values())
    assert found == [x for reason in order for x in (reason, "ok")]


def test_a_cut_packet_does_not_swallow_the_next_one():
    found = verdicts(parse_bytes(SOURCE, packet(HOUR)[:90] + packet(HOUR)))
    assert list(found.values()) == ["truncated", "ok"]


# ---------------------------------------------------------------- what is read


def test_values_stay_as_sent():
    segment = HEAD + (
        b"CP=&&DataTime=20260131000000;a21002-Min=1.10,a21002-Avg=02.50,a21002-Max=3.90,a21002-ZsMin=1,"
        b"a21002-ZsAvg=2,a21002-ZsMax=3,a21002-Cou=0.0120,a21002-Flag=N,a21002-EFlag=A01&&"
    )
    (row,) = rows(packet(segment))
    assert row == {
        "_row_no": 1, "_col": "a21002", "mn": "330603000001", "st": "31", "cn": "2061", "qn": "20260131010000000",
        "dialect": "2017", "data_time": "20260131000000", "factor_code": "a21002", "device_flag": "N",
        "vendor_flag": "A01", "rtd": None, "min": "1.10", "avg": "02.50", "max": "3.90", "zs_rtd": None,
        "zs_min": "1", "zs_avg": "2", "zs_max": "3", "cou": "0.0120",
    }  # fmt: skip


def test_items_of_a_factor_come_together_wherever_they_stand():
    segment = b"ST=31;CN=2011;PW=123456;MN=M1;CP=&&DataTime=20260131000000;01-ZsRtd=2.0;02-Rtd=5;01-Rtd=1.0,01-Flag=D&&"
    found = {r["factor_code"]: (r["rtd"], r["zs_rtd"], r["device_flag"]) for r in rows(packet(segment))}
    assert found == {"01": ("1.0", "2.0", "D"), "02": ("5", None, None)}


def test_contradicting_values_of_one_factor_are_a_rejected_row():
    segment = b"ST=22;CN=2011;PW=1;MN=M1;CP=&&DataTime=20260131000000;a1-Rtd=1;a1-Rtd=2;a2-Rtd=3;a2-Rtd=3&&"
    parsed = parse_bytes(SOURCE, packet(segment))
    assert [r["factor_code"] for r in parsed.table.to_pylist()] == ["a2"]
    (reject,) = parsed.rejects.to_pylist()
    assert (reject["check_id"], reject["_col"], reject["column_name"]) == (
        "row_conflicting_values",
        "a1",
        "rtd",
    )
    assert parsed.stats["frames_accepted"] == 1


@pytest.mark.parametrize(
    "old, new", [(b"&&DataTime", b"&& DataTime"), (b"a21026-Avg", b" a21026-Avg"), (b"N&&", b"N;&&")]
)
def test_blanks_and_a_spare_semicolon_in_the_data_area_are_read_over(old, new):
    (row,) = rows(packet(HOUR.replace(old, new)))
    assert (row["factor_code"], row["avg"], row["device_flag"]) == ("a21026", "12.5", "N")


def test_lower_case_crc_is_the_same_number():
    good = packet(HOUR)
    parsed = parse_bytes(SOURCE, good[:-4] + good[-4:].lower())
    assert parsed.stats["frames_accepted"] == 1
    assert parsed.stats["crc_lower_case"] == int(good[-4:].lower() != good[-4:])


@pytest.mark.parametrize(
    "time, good",
    [(b"20260131000000", True), (b"20260131235959", True), (b"20260131240000", True), (b"20260131000000123", True),
     (b"20240229000000", True), (b"20260131240001", False), (b"20260229000000", False), (b"20261301000000", False),
     (b"20260100000000", False), (b"20260131006000", False), (b"2026013100000", False), (b"2026-01-31 00", False),
     (b"", False), (b"00000000000000", False)],
)  # fmt: skip
def test_datatime_must_be_an_instant(time, good):
    assert one(packet(HOUR.replace(b"20260131000000", time))) == ("ok" if good else "datatime_bad")


def test_answers_and_heartbeats_are_accepted_without_rows():
    answer = packet(b"QN=20260131010000000;ST=91;CN=9014;PW=;MN=M1;Flag=4;CP=&&&&")
    parsed = parse_bytes(SOURCE, answer)
    assert parsed.records_in == 1 and parsed.rejects is None and parsed.table.num_rows == 0
    assert parsed.stats["frames_accepted"] == parsed.stats["frames_without_rows"] == 1
    assert parsed.stats["pw_empty"] == 1


def test_st_null_is_kept_as_sent():
    (row,) = rows(packet(HOUR.replace(b"ST=31", b"ST=null")))
    assert row["st"] == "null"


# ---------------------------------------------------------------- split messages


def _part(pno: int, area: bytes, qn: bytes = b"20260131010000000") -> bytes:
    return packet(b"QN=%s;ST=31;CN=2051;PW=1;MN=M1;Flag=7;PNUM=2;PNO=%d;CP=&&%s&&" % (qn, pno, area))


def test_split_message_is_put_together():
    first = _part(1, b"DataTime=20260131000000;a1-Avg=1,a1-Flag=N;a2-Avg=2")
    second = _part(2, b"a2-Flag=D;a3-Avg=3")
    found = {r["factor_code"]: r for r in rows(first + b"\r\n" + second)}
    assert {k: (v["avg"], v["device_flag"], v["data_time"]) for k, v in found.items()} == {
        "a1": ("1", "N", "20260131000000"),
        "a2": ("2", "D", "20260131000000"),
        "a3": ("3", None, "20260131000000"),
    }
    assert found["a3"]["_row_no"] == 2
    turned = {r["factor_code"]: r["avg"] for r in rows(second + b"\r\n" + first)}
    assert turned == {"a1": "1", "a2": "2", "a3": "3"}


def test_packet_that_stands_alone_is_read_without_its_fellows():
    parsed = parse_bytes(SOURCE, _part(1, b"DataTime=20260131000000;a1-Avg=1"))
    assert parsed.table.num_rows == 1
    assert parsed.stats["packet_sets_incomplete"] == 1


def test_two_messages_of_one_device_are_not_mixed():
    a = _part(1, b"DataTime=20260131000000;a1-Avg=1", b"20260131001000000")
    b = _part(1, b"DataTime=20260131001000;a1-Avg=9", b"20260131002000000")
    c = _part(2, b"a2-Avg=8", b"20260131002000000")
    found = {(r["data_time"], r["factor_code"]): r["avg"] for r in rows(b"\n".join([a, b, c]))}
    assert found == {
        ("20260131000000", "a1"): "1",
        ("20260131001000", "a1"): "9",
        ("20260131001000", "a2"): "8",
    }


# ---------------------------------------------------------------- shapes of input


def test_packets_are_found_in_any_text():
    log = (
        "INFO  2026-01-31 接收数据：".encode("gbk") + packet(HOUR) + b"\r\n\x00\x00\x00 ## heading ##\n####\n"
    )
    log += "说明：".encode() + packet(HOUR.replace(b"12.5", b"3")) + b'  "}\n'
    assert list(verdicts(parse_bytes(SOURCE, log)).values()) == ["ok", "ok"]
    run_together = packet(HOUR) + packet(HOUR.replace(b"12.5", b"4"))
    assert list(verdicts(parse_bytes(SOURCE, run_together)).values()) == ["ok", "ok"]


def test_table_with_a_frame_column():
    table = (
        b"n\tframe\tnote\n1\t"
        + packet(HOUR)
        + b"\tx\n2\tnonsense\t\n3\t"
        + PLANTED["header_missing"]
        + b"\ty\n"
    )
    assert list(verdicts(parse_bytes(SOURCE, table)).values()) == ["ok", "header_missing", "header_missing"]


def test_reader_reads_wrapped_logs(tmp_path: Path):
    with gzip.open(tmp_path / "2026-01-31.log.gz", "wb") as f:
        f.write(packet(HOUR) + b"\r\n")
    reader = get_reader("hj212")
    (payload,) = reader.fetch(SOURCE, Request(files=(str(tmp_path / "*.gz"),)), tmp_path / "work")
    assert payload.slice.part == "2026-01-31.log"
    assert reader.parse(SOURCE, payload).table.num_rows == 1


def test_empty_payload():
    parsed = parse_bytes(SOURCE, b"")
    assert parsed.records_in == 0 and parsed.table.num_rows == 0 and parsed.rejects is None
    assert parsed.table.column_names == ["_row_no", "_col", *(c.name for c in SOURCE.columns)]


# ---------------------------------------------------------------- block form = plain form

_KEY = st.sampled_from(["a01", "a02", " a01", "B02", "01", "w-1", ""])
_KIND = st.sampled_from(["-Rtd", "-Avg", "-ZsAvg", "-Flag", "-EFlag", "-Nope", "", "-"])
_TEXT = st.sampled_from(
    ["1", "0.50", "", "N", " 2", "-", "é", "1=2", "a,b", "#", "##0001", "&", "&&", ";", "\x00", "中"]
)
_ITEM = st.tuples(_KEY, _KIND, _TEXT, st.sampled_from([";", ",", ";;", ", "])).map("".join) | st.tuples(
    _KEY, _KIND, _TEXT, st.sampled_from([";", ","])
).map(lambda t: f"{t[0]}{t[1]}={t[2]}{t[3]}")
_HEAD_ITEM = st.sampled_from(
    ["QN=20260131010000000;", "QN=;", "ST=31;", "ST=null;", "CN=2011;", "CN=2011;", "CN=20;", "MN=M1;", "MN=M2;",
     "MN=;", "MN= ;", "PW=;", "PW=1;", "Flag=5;", "Flag=9;", "Flag=x;", "PNUM=2;PNO=1;", "PNUM=2;PNO=2;", "PNUM=;PNO=;",
     "PNUM=1;", ";", "X;", "Y=1;", " MN=M3;"]
)  # fmt: skip
_TIME = st.sampled_from(
    ["DataTime=20260131000000;", "DataTime=20260131000000;", "DataTime=20260131000000;", "DataTime=20260131240000;",
     "DataTime=2026013100;", "DataTime=20260131000000123;", " DataTime=20260131000000;", "DataTime=;", ""]
)  # fmt: skip
_REGULAR = st.tuples(
    st.sampled_from(["ST=31;CN=2011;MN=M1;Flag=5;", "QN=1;ST=31;CN=2051;PW=1;MN=M2;Flag=4;"]), _TIME
)
_SEGMENT = st.builds(
    lambda head, time, items, close: f"{head}CP=&&{time}{''.join(items)}".rstrip(";,") + close,
    st.lists(_HEAD_ITEM, max_size=7).map("".join) | st.just("ST=31;CN=2011;MN=M1;Flag=5;"),
    _TIME,
    st.lists(_ITEM, max_size=6),
    st.sampled_from(["&&", "&&", "&&", "&&", ";&&", "&", "", "&&&&"]),
)
_PIECE = st.one_of(
    _SEGMENT.map(lambda s: packet(s.encode())),
    _SEGMENT.map(lambda s: packet(s.encode("gb18030"), len(s.encode("gb18030")) + 1)),
    _SEGMENT.map(lambda s: packet(s.encode())[:-6]),
    _SEGMENT.map(lambda s: packet(s.encode())[1:]),
    _SEGMENT.map(lambda s: packet(s.encode()).lower()),
    st.sampled_from(
        [b"\r\n", b"\n", b" ", b"##", b"#", b"##00", b"##0000FFFF", b"##0001AFFFF", b"\x00\xff", b";CN="]
    ),
    st.binary(max_size=12),
)


def _snapshot(parsed):
    return parsed.table.to_pylist(), verdicts(parsed), parsed.stats


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_PIECE, max_size=8).map(b"".join) | st.binary(max_size=200))
def test_any_bytes_block_form_agrees_with_the_plain_form(data):
    parsed = parse_bytes(SOURCE, data)
    stats = parsed.stats
    rejected = sum(v for k, v in stats.items() if k.startswith("rejected_"))
    assert parsed.records_in == stats["frames"] == stats["frames_accepted"] + rejected
    by_block = _snapshot(parsed)

    def all_slow(block, starts, ends, keys):
        return codec.Decoded(np.zeros(0, np.int64), np.arange(starts.size), None)

    def ends_by_plain_form(stream, starts):
        found = [rules.framed(stream, int(s)) for s in starts]
        ends = np.array([-1 if f is None else f[0] for f in found], np.int64)
        return ends, np.zeros(starts.size, np.uint64)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "decode", all_slow)
        patch.setattr(codec, "segment_ends", ends_by_plain_form)
        patch.setattr(
            codec,
            "candidates",
            lambda d: np.array([m.start() for m in rules.CANDIDATE.finditer(d)], np.int64),
        )
        assert _snapshot(parse_bytes(SOURCE, data)) == by_block
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "BLOCK", 64)
        assert _snapshot(parse_bytes(SOURCE, data)) == by_block


def test_same_verdicts_and_values_as_the_rival_parser():
    data = _hj212_frames.log(3000, seed=5)
    parsed = parse_bytes(SOURCE, data)
    assert differences(parsed, *_hj212_plain.parse(data)) == (0, "")
    assert parsed.stats["frames_accepted"] > 2800
    assert len({v for v in verdicts(parsed).values()}) >= 10
    assert isinstance(parsed.table, pa.Table)


@pytest.mark.parametrize("data", [b"", b"\0" * 5_000, b"\r\n \r\n"])
def test_a_log_without_a_packet_says_so(data: bytes) -> None:
    parsed = parse_bytes(SOURCE, data)
    assert (parsed.records_in, parsed.table.num_rows) == (0, 0)
    assert parsed.notes == [f"hj212: no packet in {len(data)} bytes"]
