"""Loads longer than what is held at a time: the same load comes out whatever the size of the pieces, or none at all."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from extract import landing, ledger, run
from extract.home import REPO, Home
from extract.passage import Keys
from extract.readers import plaincsv
from extract.readers.base import Payload, Slice, get_reader
from extract.source import get_source

NAME = "air_bulletin_hourly"
STATIONS = [f"{1000 + i}A" for i in range(40)]


def bulletin(seed: int, lines: int = 120) -> str:
    """A day in which everything occurs that the door or the reader turns away: bad numbers, ragged lines, keys told twice."""
    rng = random.Random(seed)
    out = ["date,hour,type," + ",".join(STATIONS)]
    for _ in range(lines):
        hour, item = str(rng.randrange(25)), rng.choice(["PM10", "O3", "CO", "SO2", "AQI", "XX"])
        cells = [rng.choice(["", "12", "1.5", "-", "9", "9", "abc", "7e1"]) for _ in STATIONS]
        if rng.random() < 0.05:
            cells = cells[: rng.randrange(3, 30)]
        out.append(",".join(["20190101", hour, item, *cells]))
    return "\n".join(out) + ("\n" if seed % 2 else "")


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("JIANHU_"):
            monkeypatch.delenv(name)
    (tmp_path / "cnemc").mkdir()
    return tmp_path


def extract(
    root: Path, drop: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[run.SourceResult, dict[str, str]]:
    """One extraction with pieces of at most `rows` rows: its result, and the digest of each file in landing."""
    monkeypatch.setattr(run, "BATCH_ROWS", rows)
    home = Home(root).ensure()
    result = run.extract([NAME], files=[f"{drop}/cnemc/*.csv"], home=home).results[0]
    files = {
        str(p.relative_to(home.landing)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(home.landing.rglob("*")) if p.is_file() and p.name != landing.MANIFEST
    }  # fmt: skip
    return result, files


@pytest.mark.parametrize("plain", [False, True])
def test_a_load_is_the_same_whatever_the_size_of_the_pieces(drop, tmp_path, monkeypatch, plain):
    if plain:
        monkeypatch.setattr(plaincsv, "SMALLEST", 1)
    monkeypatch.setattr(landing, "ROW_GROUP", 500)
    for seed in (1, 2, 3):
        (drop / "cnemc" / f"china_sites_2019010{seed}.csv").write_text(bulletin(seed), "utf-8")
    told, whole = extract(tmp_path / "whole", drop, 1_000_000, monkeypatch)
    assert told.rows_loaded > 4_000 and told.rows_rejected > 2_000
    assert {"duplicate_key", "not_a_number", "field_count", "item_known"} <= set(told.rejected_by_check)
    for rows in (211, 700, 2_000):
        result, files = extract(tmp_path / f"pieces{rows}", drop, rows, monkeypatch)
        assert files == whole
        same = ("records_in", "rows_in", "rows_loaded", "rows_rejected", "rejected_by_check", "new_loads")
        assert {n: getattr(result, n) for n in same} == {n: getattr(told, n) for n in same}
        again, _ = extract(tmp_path / f"pieces{rows}", drop, rows, monkeypatch)
        assert (again.new_loads, again.unchanged_loads) == (0, 3)


def test_a_long_load_that_is_refused_leaves_nothing(drop, tmp_path, monkeypatch):
    text = "date,hour,type," + ",".join(STATIONS) + "\n" + ("20190101,99,PM10" + ",1" * 40 + "\n") * 30
    (drop / "cnemc" / "china_sites_20190101.csv").write_text(text, "utf-8")
    whole, _ = extract(tmp_path / "whole", drop, 1_000_000, monkeypatch)
    result, files = extract(tmp_path / "pieces", drop, 100, monkeypatch)
    assert (result.refused, files) == (whole.refused, {}) and "cannot be read" in result.refused[0]
    assert not list((Home(tmp_path / "pieces").landing / ".writing").iterdir())


@pytest.mark.parametrize(
    "boundary", ["landing.payload_written", "landing.rows_written", "landing.load_renamed"]
)
def test_a_kill_leaves_a_long_load_whole_or_absent(drop, tmp_path, monkeypatch, boundary):
    (drop / "cnemc" / "china_sites_20190101.csv").write_text(bulletin(1), "utf-8")
    code = (
        "import sys; from pathlib import Path; from extract import run; from extract.home import Home; run.BATCH_ROWS = 300; "
        f"run.extract([{NAME!r}], files=[sys.argv[1] + '/cnemc/*.csv'], home=Home(Path(sys.argv[2])).ensure())"
    )
    root = tmp_path / "killed"
    env = {**os.environ, "JIANHU_FAULT": boundary, "PYTHONPATH": str(REPO)}
    done = subprocess.run([sys.executable, "-c", code, str(drop), str(root)], env=env, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    stands = boundary == "landing.load_renamed"
    assert ledger.ledger(Home(root)).num_rows == int(stands)
    _, whole = extract(tmp_path / "whole", drop, 1_000_000, monkeypatch)
    _, files = extract(root, drop, 300, monkeypatch)
    assert files == whole  # the next run cleans up and finishes


CELLS = ["", " ", "12", "1.50", "-", "µ 未检出", "NA", "null", "7e1"]


def _machine_written(name, rng):
    """(file name, lines, lines out of the ordinary) of a payload as a machine writes it: unpivoted, or a record a line."""
    if name == NAME:
        head = "date,hour,type," + ",".join(STATIONS)
        lines = [",".join(["20190101", str(i % 24), "PM10", *rng.choices(CELLS, k=40)]) for i in range(300)]
        odd = ['20190101,1,"PM10",' + "1," * 39 + "1", "", "," * 42, head, "20190101,1,PM10,1"]
        return "china_sites_20190101.csv", [head, *lines], odd
    head = "车辆识别代号,采集时间,车速,大气压力,油箱液位,未知列"
    lines = [
        ",".join([f"V{i % 3}", f"2026-02-01 08:{i // 60:02d}:{i % 60:02d}", *rng.choices(CELLS, k=4)])
        for i in range(300)
    ]
    return (
        "obd_2026-02-01.csv",
        [head, *lines],
        ['V1,"2026-02-01 09:00:00",1,1,1,1', "", ",,,,,", head, "V1,2026-02-01 09:00:00,1"],
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", [NAME, "obd_second"])
def test_machine_written_csv_is_read_as_the_careful_reader_reads_it(tmp_path, monkeypatch, name, seed):
    source = get_source(name)
    rng = random.Random(seed)
    end = rng.choice(["\n", "\r\n"])
    file_name, lines, odd = _machine_written(name, rng)
    if seed:
        lines.insert(150, odd[seed - 1])
    path = tmp_path / file_name
    path.write_bytes((end.join(lines) + end).encode())
    payload = Payload(Slice(name), path.name, path, datetime(2019, 1, 2))
    careful = get_reader("files").parse(source, payload)
    taken = []
    monkeypatch.setattr(plaincsv, "SMALLEST", 1)
    monkeypatch.setattr(plaincsv.PlainCsv, "pieces", _noted(plaincsv.PlainCsv.pieces, taken))
    quick = get_reader("files").parse(source, payload)
    assert bool(taken) == (seed == 0)
    assert quick.table.combine_chunks().equals(careful.table.combine_chunks())
    assert (quick.records_in, quick.notes, quick.rejects) == (
        careful.records_in,
        careful.notes,
        careful.rejects,
    ) or seed == 5


def _noted(call, taken):
    def noted(self, rows):
        taken.append(rows)
        return call(self, rows)

    return noted


@pytest.mark.parametrize("spread", [(3, 5, 2), (2_000, 900, 40), (1 << 24, 1 << 22, 1 << 20)])
def test_keys_told_again_are_found_exactly(spread, monkeypatch):
    """Against pandas over the whole; small pieces, so that columns outgrow their bits, and a width that fits no number."""
    if spread[0] == 1 << 24:
        monkeypatch.setattr("extract.passage._BITS", 20)
    rng = np.random.default_rng(7)
    table = pd.DataFrame({c: rng.integers(0, n, 6_000) for c, n in zip("abc", spread, strict=True)})
    table = pd.concat([table, table.sample(2_000, random_state=1)], ignore_index=True)
    keys, found = Keys(), []
    for start in range(0, len(table), 370):
        piece = table.iloc[start : start + 370]
        columns = {}
        for c in piece:
            codes, values = pd.factorize(piece[c])
            columns[c] = (values.tolist(), codes)
        found.append(keys.repeated(columns))
    assert (np.concatenate(found) == table.duplicated(keep="first").to_numpy()).all()


def test_rows_of_a_long_load_stand_in_landing_in_payload_order(drop, tmp_path, monkeypatch):
    (drop / "cnemc" / "china_sites_20190101.csv").write_text(bulletin(1), "utf-8")
    extract(tmp_path / "home", drop, 300, monkeypatch)
    rows = pq.read_table(next((tmp_path / "home").rglob("rows.parquet")))
    at = rows["_row_no"].to_pylist()
    assert at == sorted(at) and len(at) > 1_000
