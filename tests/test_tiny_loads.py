"""The loads of the small district: providers that do not answer, the same content again, A → B → A."""

from __future__ import annotations

import json

import pyarrow.compute as pc
import pytest
from tiny import Tiny

from extract import landing
from extract.source import load_sources
from warehouse import connect as reading

NETWORK = {n for n, s in load_sources().items() if s.reader in ("http_json", "database")}


def test_unreachable_providers_are_named_and_block_nobody(tiny_release: Tiny) -> None:
    told = tiny_release.told["unreachable"]
    report = json.loads(told["out"])
    assert told["code"] == 3 == report["exit_code"] and "Traceback" not in told["err"]
    assert set(report["failed"]) == NETWORK
    for name in NETWORK:
        source = report["sources"][name]
        assert source["state"] == "failed" and source["new_loads"] == 0 and source["error"], source
    loaded = {n for n, s in report["sources"].items() if s["new_loads"]}
    assert {"cems_hj212", "complaint_12345", "forest", "cems_platform_export"} <= loaded
    assert all(report["sources"][n]["state"] == "done" for n in loaded)


def test_what_stood_is_not_loaded_again(tiny_release: Tiny) -> None:
    before, after = tiny_release.report("unreachable")["sources"], tiny_release.report("phase_1")["sources"]
    for name in ("cems_hj212", "complaint_12345", "forest", "cems_platform_export", "permit_report"):
        assert before[name]["new_loads"] > 0
        assert after[name]["new_loads"] == 0, name
        assert after[name]["unchanged_loads"] == before[name]["new_loads"], name
    assert all(after[n]["new_loads"] for n in NETWORK)


def test_late_data_makes_loads_of_its_slices_only(tiny_release: Tiny) -> None:
    late = tiny_release.report("phase_2")["sources"]["air_platform_hourly"]
    assert 0 < late["new_loads"] < late["unchanged_loads"]


def test_a_to_b_to_a_ends_with_a(tiny_release: Tiny) -> None:
    ledger = landing.ledger(tiny_release.home)
    rows = ledger.filter(pc.equal(ledger["source"], "air_platform_hourly")).to_pylist()
    slices: dict[tuple[object, ...], list[tuple[int, str]]] = {}
    for r in rows:
        key = (r["part"], r["window_start"], r["window_end"])
        slices.setdefault(key, []).append((r["seq"], r["load_id"]))
    returned = [sorted(v) for v in slices.values() if len(v) == 3]
    assert returned, "the district sends one day as A, B, A"
    for (_, a), (_, b), (_, again) in returned:
        assert a == again != b
    winners = landing.winners(ledger, load_sources()).to_pylist()
    chosen = {(r["part"], r["window_start"], r["window_end"]): (r["seq"], r["load_id"])
              for r in winners if r["source"] == "air_platform_hourly"}  # fmt: skip
    assert chosen == {k: max(v) for k, v in slices.items()}


def test_every_record_is_accounted_for(tiny_release: Tiny) -> None:
    for r in landing.ledger(tiny_release.home).to_pylist():
        assert r["rows_in"] == r["rows_loaded"] + r["rows_rejected"], r["path"]
    with reading.connect(tiny_release.home) as con:
        quality = json.loads((reading.current_folder(tiny_release.home) / "quality.json").read_text("utf-8"))
        assert all(s["is_conserved"] for s in quality["sources"])
        assert con.execute("select count(*) from fct_reading").fetchone() != (0,)


def test_hj212_frames_each_have_one_verdict(tiny_release: Tiny) -> None:
    told = tiny_release.report("unreachable")["sources"]["cems_hj212"]
    assert told["rows_in"] == told["rows_loaded"] + told["rows_rejected"]
    assert told["rows_rejected"] == sum(told["rejected_by_check"].values()) > 0


@pytest.mark.parametrize("step", ["simulate", "phase_1", "phase_2", "phase_3", "refresh", "export"])
def test_no_traceback_in_any_step(tiny_release: Tiny, step: str) -> None:
    assert "Traceback" not in tiny_release.told[step]["err"]
    assert tiny_release.told[step]["code"] in (0, 4)
