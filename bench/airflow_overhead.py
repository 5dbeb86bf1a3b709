"""What Airflow costs: the DAG `everything` by `airflow dags test` beside the same commands called plainly.

Both start from equal copies of one small synthetic home; their releases are compared table by table before times count.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.run import Context, Result, peak_mb
from district.run import airflow_env
from district.serve import running
from extract.home import REPO, Home

SINCE, LAST, UNTIL, AS_OF = "2026-02-20", "2026-03-10", "2026-03-11", "2026-03-26 08:00:00"


def _run(command: list[str], env: dict[str, str], accepted: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(command, env=env, cwd=REPO, capture_output=True, text=True)
    if done.returncode not in accepted:
        raise RuntimeError(
            f"{' '.join(command[:4])} ended with {done.returncode}: {(done.stderr or done.stdout)[-1500:]}"
        )


def _served(home: Home, commands: list[tuple[list[str], tuple[int, ...]]]) -> float:
    """Seconds of the commands one after the other, with the home's synthetic providers served (their start not counted)."""
    with running(home.root) as provided:
        env = {**airflow_env(home), **{k: str(v) for k, v in provided.items()}}
        begun = time.perf_counter()
        for command, accepted in commands:
            _run(command, env, accepted)
        return time.perf_counter() - begun


def _hashes(home: Home) -> Any:
    return json.loads((home.current.resolve() / "release.json").read_text("utf-8"))["tables"]


def run(context: Context) -> Result:
    """Simulate once, copy, run plainly, run by Airflow, compare the releases."""
    jianhu = str(Path(sys.executable).with_name("jianhu"))
    plain, by_dag = Home(context.work / "plain").ensure(), Home(context.work / "dag")
    _run(
        [
            jianhu,
            "simulate",
            "--seed",
            "5",
            "--from",
            SINCE,
            "--to",
            LAST,
            "--scale",
            "0.1",
            "--out",
            str(plain.root),
        ],
        dict(os.environ),
    )
    shutil.copytree(plain.root, by_dag.root, symlinks=True)
    plain_seconds = _served(
        plain,
        [
            ([jianhu, "extract", "--all", "--since", SINCE, "--until", UNTIL, "--json"], (0, 4)),
            ([jianhu, "refresh", "--as-of", AS_OF, "--json"], (0,)),
            ([jianhu, "export", "leadership_quarterly", "--period", "2026-Q1", "--json"], (0,)),
        ],
    )
    _run(["airflow", "db", "migrate"], airflow_env(by_dag))
    conf = json.dumps({"as_of": AS_OF, "since": SINCE, "until": UNTIL})
    dag = [
        "airflow",
        "dags",
        "test",
        "everything",
        "-f",
        str(REPO / "dags" / "dag_everything.py"),
        "-c",
        conf,
    ]
    dag_seconds = _served(by_dag, [(dag, (0,))])
    ours, theirs = _hashes(by_dag), _hashes(plain)
    different = sorted(t for t in {*ours, *theirs} if ours.get(t) != theirs.get(t))
    return Result(
        "airflow_overhead", 1, round(dag_seconds, 2), round(1 / dag_seconds, 4), peak_mb(),
        rival="the plain commands extract, refresh, export", ratio=round(plain_seconds / dag_seconds, 3), equal=not different,
        note=f"DAG {dag_seconds:.1f} s, plain {plain_seconds:.1f} s: overhead {dag_seconds - plain_seconds:.1f} s; one DAG run; metadata migration not counted"
        + (f"; tables that differ: {', '.join(different[:8])}" if different else ""),
    )  # fmt: skip
