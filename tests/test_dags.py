"""The DAG files: what they generate, what they cost at import, what a task makes of an exit code."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from extract.schedule import Group, groups
from extract.source import load_sources

REPO = Path(__file__).resolve().parent.parent
DAGS = sorted((REPO / "dags").glob("dag_*.py"))

PROBE = """
import importlib.util, json, sys, time
import airflow.sdk, pendulum
before, loaded = time.perf_counter(), set(sys.modules)
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("probe_" + path.rsplit("/", 1)[1][:-3], path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(json.dumps({"seconds": time.perf_counter() - before, "new": sorted(set(sys.modules) - loaded)}))
"""


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("airflow")
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPO / "dags"),
    }


def test_importing_all_dags_loads_nothing_heavy(airflow_home: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, DAGS)],
        capture_output=True,
        text=True,
        env=airflow_home,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    roots = {name.split(".")[0] for name in answer["new"]}
    assert not roots & {"dbt", "duckdb", "pandas", "great_expectations", "pyarrow", "numpy"}


def test_every_source_is_fetched_by_exactly_one_dag(airflow_home: dict[str, str]) -> None:
    code = (
        "import json, sys; from airflow.dag_processing.dagbag import DagBag; "
        f"bag = DagBag({str(REPO / 'dags')!r}); "
        "print(json.dumps({'errors': {k: v for k, v in bag.import_errors.items()}, 'dags': {d.dag_id: {"
        "'tasks': sorted(d.task_ids), 'active': d.max_active_runs, 'schedule': str(d.schedule), "
        "'retries': [t.retries for t in d.tasks], 'timeouts': [t.execution_timeout is not None for t in d.tasks], "
        "'owners': [t.owner for t in d.tasks], 'pools': [t.pool for t in d.tasks], 'deadline': bool(d.deadline), "
        "'outlets': [o.uri for t in d.tasks for o in t.outlets]} for d in bag.dags.values()}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=airflow_home, check=True
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["errors"] == {}
    dags = answer["dags"]
    wanted = groups()
    assert {g.dag_id for g in wanted} | {"refresh", "export", "everything"} == set(dags)
    fetched = [name for g in wanted for name in g.sources]
    assert sorted(fetched) == sorted(load_sources())
    for g in wanted:
        dag = dags[g.dag_id]
        assert dag["tasks"] == ["extract"]
        assert dag["schedule"] == g.schedule
        assert dag["retries"] == [2] and dag["timeouts"] == [True] and dag["deadline"]
        assert dag["pools"] == ["extract"] and dag["owners"] == [g.owner]
        assert dag["outlets"] == [f"jianhu://landing/{g.provider}"]
    assert dags["refresh"]["active"] == 1 and dags["refresh"]["pools"] == ["build"]
    assert dags["refresh"]["outlets"] == ["jianhu://release/current"]
    assert dags["refresh"]["schedule"] == "50 * * * *"


def _fake_jianhu(folder: Path, code: int, out: str, err: str = "") -> None:
    tool = folder / "jianhu"
    tool.write_text(f"#!/bin/sh\nprintf '%s\\n' '{err}' >&2\nprintf '%s' '{out}'\nexit {code}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(("code", "fails"), [(0, False), (4, False), (3, True), (1, True), (5, True)])
def test_task_follows_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, fails: bool
) -> None:
    from warehouse.tasks import jianhu

    _fake_jianhu(
        tmp_path, code, '{"failed": [{"source": "forest"}], "committed": ["energy"]}', "forest: no answer"
    )
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    if fails:
        with pytest.raises(RuntimeError, match=rf"(?s)ended with {code}; failed: forest.*no answer"):
            jianhu("extract", "forest", "energy")
    else:
        assert jianhu("extract", "forest", "energy")["exit_code"] == code


def test_group_names_are_stable() -> None:
    assert Group("cnemc", "25 * * * *", ("a",), "x", 6).dag_id == "extract__cnemc__25_x_x_x_x"
    assert Group("cnemc", "*/30 * * * *", ("a",), "x", 6).dag_id == "extract__cnemc__every30_x_x_x_x"
