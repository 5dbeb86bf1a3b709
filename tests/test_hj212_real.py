"""HJ 212 on packets that other people published: their CRC columns, their parsers' assertions, their logs."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from extract.readers.hj212 import parse_bytes
from extract.readers.hj212_rules import crc
from extract.source import get_source

SOURCE = get_source("cems_hj212")


def _bytes(path: Path) -> bytes:
    if not path.exists():
        pytest.skip(f"{path.name} is absent from the folder of real files")
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _verdicts(parsed) -> dict[int, str]:
    out = dict.fromkeys(range(1, parsed.records_in + 1), "ok")
    for reject in parsed.rejects.to_pylist() if parsed.rejects is not None else []:
        if reject["check_id"].startswith("frame_"):
            out[reject["_row_no"]] = reject["check_id"].removeprefix("frame_")
    return out


def test_published_vector(shared):
    text = _bytes(shared / "facts" / "test_vectors.csv").decode("utf-8")
    vectors = [v for v in csv.DictReader(text.splitlines()) if v["kind"] == "CRC16"]
    assert vectors
    for v in vectors:
        assert f"{crc(v['input'].split(' ')[0].encode()):04X}" == v["expected"]


def test_distinct_frames_of_other_peoples_tests(shared):
    """25 of 33 have a good CRC; of these one has a wrong length and one no header at all (columns of the file)."""
    data = _bytes(shared / "data" / "hj212" / "frames.tsv")
    records = list(csv.DictReader(data.decode().splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    parsed = parse_bytes(SOURCE, data)
    found = _verdicts(parsed)
    assert parsed.records_in == len(records)
    assert parsed.stats["frames_crc_valid"] == sum(r["crc_ok"] == "1" for r in records)
    for number, record in enumerate(records, 1):
        good = record["crc_ok"] == "1" and record["len_ok"] == "1" and record["frame"].startswith("##")
        assert (found[number] == "ok") == good, (record["n"], found[number])
        if not record["frame"].startswith("##"):
            assert found[number] == "header_missing"
        elif "not 4 digits" in record["notes"]:
            assert found[number] == "length_field_bad"
        elif record["len_ok"] == "0":
            assert found[number] == "length_mismatch"
        elif record["crc_matches_other"]:
            assert found[number] == "crc_other_algorithm"
        elif not good:
            assert found[number] == "crc_mismatch"


def test_simulator_log_is_accepted_whole(shared):
    data = _bytes(shared / "data" / "hj212" / "frames_simulator_log.tsv.gz")
    parsed = parse_bytes(SOURCE, data)
    assert parsed.records_in == parsed.stats["frames_accepted"] == data.count(b"\n##") + data.count(b"\t##")
    values = {r["_row_no"]: 0 for r in parsed.table.select(["_row_no"]).to_pylist()}
    assert len(values) == parsed.stats["frames_accepted"] - parsed.stats["frames_without_rows"]
    frames = [line.split(b"\t")[-1] for line in data.splitlines()[1:]]
    expected = sum(f.count(b"-Rtd=") for f in frames)
    assert len(parsed.table) - parsed.table["rtd"].null_count == expected


def test_fields_that_other_parsers_assert(shared):
    cases = json.loads(_bytes(shared / "data" / "hj212" / "expected_parses.json"))
    before = b""
    checked = 0
    for case in cases:
        text = case["frame"].replace("\\r\\n", "\r\n")
        if text.startswith("same as previous"):
            data = b"##1025" + before[6:]
        elif text.startswith("##"):
            data = text.encode()
        else:
            continue
        before = data
        parsed = parse_bytes(SOURCE, data)
        assert parsed.records_in == 1
        (verdict,) = _verdicts(parsed).values()
        error = case.get("expect_error")
        if error:
            assert verdict == {"Length": "length_mismatch", "Crc": "crc_mismatch"}[error]
            continue
        expect = case["expect"]
        if int(data.strip()[-4:], 16) != crc(data.strip()[6:-4]):
            assert verdict == "crc_mismatch"  # the file's own remark: a parser that enforces CRC rejects it
            data = b"%s%04X" % (data.strip()[:-4], crc(data.strip()[6:-4]))
            parsed = parse_bytes(SOURCE, data)
        rows = {r["factor_code"]: r for r in parsed.table.to_pylist()}
        first = next(iter(rows.values()))
        assert (first["st"], first["cn"], first["mn"]) == (expect["ST"], expect["CN"], expect["MN"])
        fields = expect.get("CP") or {k: v for k, v in expect.items() if "." in k}
        for name, value in fields.items():
            if name == "DataTime":
                assert first["data_time"] == value
                continue
            factor, kind = name.replace(".", "-").split("-")
            sent = rows[factor]["rtd" if kind == "Rtd" else "device_flag"]
            assert sent == value if isinstance(value, str) else float(sent) == value
            checked += 1
    assert checked >= 8


def test_logs_around_the_frames(shared):
    folder = shared / "data" / "hj212"
    logs = [*sorted((folder / "HJ212Virtual").glob("*.gz")), *folder.glob("*scada*.gz")]
    if not logs:
        pytest.skip("the simulator's logs are absent from the folder of real files")
    for path in logs:
        data = _bytes(path)
        parsed = parse_bytes(SOURCE, data)
        stats = parsed.stats
        rejected = sum(v for k, v in stats.items() if k.startswith("rejected_"))
        assert parsed.records_in == stats["frames_accepted"] + rejected >= data.count(b"##")
        if "Virtual" in str(path):
            assert parsed.records_in == data.count(b"##")
            assert rejected == stats.get("rejected_duplicate_frame", 0)
        headers = [line for line in data.splitlines() if b"##81QN=" in line]
        assert stats.get("rejected_length_field_bad", 0) == len(headers)
