"""The catalogue of the plan's systems names only what exists, and calls nothing working without proof."""

from __future__ import annotations

import ast
import csv
import json
from pathlib import Path

import pytest
import tiny as made
from test_dbt_units import declared
from tiny import Tiny

from district.truth import KINDS
from extract.home import REPO
from extract.source import load_sources
from warehouse.dbt import PROJECT_DIR
from warehouse.systems import STATES, catalogue

ROWS = catalogue()
WORKING = [r for r in ROWS if r["state"] == "working"]


def test_every_system_of_the_plan_stands_once_and_in_its_words(shared: Path) -> None:
    with (shared / "mission" / "systems.csv").open(encoding="utf-8") as file:
        plan = list(csv.DictReader(file))
    assert len(plan) == 154
    told = [(r["system_id"], r["name_zh"], r["name_en"], r["section"], r["part"], r["class"]) for r in ROWS]
    assert told == [
        (r["id"], r["seed_phrase"], r["english"], r["section"], r["part"], r["class"]) for r in plan
    ]


def test_states_are_of_the_vocabulary() -> None:
    assert {r["state"] for r in ROWS} <= set(STATES)
    assert not [r["system_id"] for r in ROWS if r["state"] == "missing" and (r["models"] or r["checks"])]
    assert not [r["system_id"] for r in ROWS if r["state"] != "missing" and not r["models"]]


def test_named_sources_and_models_exist() -> None:
    sources = set(load_sources())
    models = {p.stem for p in (PROJECT_DIR / "models").rglob("*.sql")}
    wrong = [(r["system_id"], x) for r in ROWS for x in r["sources"] if x not in sources]
    wrong += [(r["system_id"], x) for r in ROWS for x in r["models"] if x not in models]
    assert not wrong


UNIT_TESTS = set(declared())


def exists(check: str) -> bool:
    """unit: a declared dbt unit test; truth: a planted kind; pytest: a test function, found without running it."""
    kind, _, name = check.partition(":")
    if kind == "unit":
        return name in UNIT_TESTS
    if kind == "truth":
        return name in KINDS
    if kind != "pytest":
        return False
    file, _, function = name.partition("::")
    path = REPO / file
    if not path.is_file() or not function.startswith("test_"):
        return False
    body = ast.parse(path.read_text("utf-8")).body
    return any(isinstance(n, ast.FunctionDef) and n.name == function.partition("[")[0] for n in body)


def test_a_check_that_does_not_exist_is_noticed() -> None:
    assert exists("pytest:tests/test_systems.py::test_states_are_of_the_vocabulary")
    assert exists("unit:air_day_vectors") and exists("truth:late_data")
    for wrong in ("unit:no_such", "truth:no_such", "pytest:tests/test_systems.py::test_no_such",
                  "pytest:tests/no_such.py::test_a", "pytest:tests/test_systems.py::exists", "air_day_vectors"):  # fmt: skip
        assert not exists(wrong), wrong


def test_named_checks_exist() -> None:
    assert not [(r["system_id"], c) for r in ROWS for c in r["checks"] if not exists(c)]


def test_what_works_names_its_proof() -> None:
    assert WORKING
    assert not [r["system_id"] for r in WORKING if not r["checks"]]


def test_truth_of_what_works_is_perfect(tiny_release: Tiny, tmp_path: Path) -> None:
    own = made.overlay(tiny_release.home, tmp_path / "home")
    kinds = {k["kind"]: k for k in json.loads(made.jianhu("truth", "--json", home=own.root)["out"])["kinds"]}
    wrong = [
        (r["system_id"], c)
        for r in WORKING
        for c in r["checks"]
        if c.startswith("truth:")
        and (kinds[c[6:]]["recall"], kinds[c[6:]]["precision"], kinds[c[6:]]["planted"] > 0) != (1, 1, True)
    ]
    assert not wrong


def test_status_prints_the_catalogue(tmp_path: Path) -> None:
    told = made.jianhu("status", "--systems", "--json", home=tmp_path)
    assert told["code"] == 0
    body = json.loads(told["out"])
    assert len(body) == 154 and set(body[0]) == {"id", "state", "sources", "models", "checks"}
    assert body == [{"id": r["system_id"], **{k: r[k] for k in list(body[0])[1:]}} for r in ROWS]
    page = made.jianhu("status", "--systems", home=tmp_path)
    assert page["code"] == 0 and "S154" in page["out"] and "working" in page["out"]


@pytest.mark.parametrize("row", ROWS, ids=[r["system_id"] for r in ROWS])
def test_row_says_what_is_lacking(row: dict) -> None:
    """A partial row says what it lacks or names a proof of what it has; a missing one claims nothing."""
    if row["state"] == "partial":
        assert row["note"] or row["checks"]
    if row["state"] == "missing":
        assert not row["sources"]
