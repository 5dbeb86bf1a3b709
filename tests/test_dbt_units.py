"""Every dbt unit test, on a build whose raw tables are empty; refreshes leave them out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tiny import share_parse

from extract.home import Home
from warehouse.dbt import PROJECT_DIR, model_vars, run_dbt
from warehouse.devbuild import devbuild


def declared() -> dict[str, str]:
    """Unit test → model, as the YAML files declare them."""
    found: dict[str, str] = {}
    for path in sorted((PROJECT_DIR / "models").rglob("*.yml")):
        for test in (yaml.safe_load(path.read_text("utf-8")) or {}).get("unit_tests", []):
            assert test["name"] not in found, f"two unit tests are named {test['name']}"
            found[test["name"]] = test["model"]
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, together: Path) -> dict[str, tuple[str, str]]:
    """Unit test → (status, message) of one dbt call over the whole project."""
    home = share_parse(Home(tmp_path_factory.mktemp("units") / "home"), together)
    failure = ""
    try:
        # what costs here is Python in dbt: a second thread only waits for the first
        devbuild(home, ["build", "--exclude-resource-type", "test"], as_of="2026-04-01 00:00:00", threads=1)
    except Exception as e:
        failure = str(e)
    import json

    file = home.work / "dbt" / "target" / "run_results.json"
    assert file.exists(), failure
    entries = json.loads(file.read_text("utf-8"))["results"]
    broken = [r["unique_id"] for r in entries if not r["unique_id"].startswith("unit_test.")
              and r["status"] in ("error", "fail")]  # fmt: skip
    assert not broken, failure
    return {r["unique_id"].split(".")[-1]: (r["status"], r.get("message") or "") for r in entries
            if r["unique_id"].startswith("unit_test.")}  # fmt: skip


@pytest.mark.parametrize("name", sorted(declared()))
def test_unit_test_passes(name: str, results: dict[str, tuple[str, str]]) -> None:
    status, message = results.get(name, ("not run", ""))
    assert status == "pass", message


def test_each_indicator_family_has_a_unit_test() -> None:
    lists = model_vars()
    tested = set(declared().values())
    families = set(lists["indicator_models"]) | set(lists["score_models"])
    assert families - tested == set()


def test_refreshes_run_no_unit_tests() -> None:
    assert run_dbt.__doc__
    text = (Path(PROJECT_DIR).parent / "warehouse" / "build.py").read_text("utf-8")
    assert '"--exclude-resource-type", "unit_test"' in text
