"""`make run`: a synthetic Keqiao through the real Airflow DAGs, from extract to the leadership workbook.

Runs the DAG `everything` without a scheduler (`airflow dags test`, SQLite metadata) while the synthetic providers
are served on loopback, then prints the towns and the paths. The second run finds district and loads in place.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from extract.errors import UserError
from extract.home import REPO, Home, home

SEED, SINCE, UNTIL, AS_OF = 20260401, "2024-12-01", "2026-04-01", "2026-04-16 08:00:00"


def _say(text: str, started: float) -> None:
    print(f"[{time.monotonic() - started:5.0f} s] {text}", flush=True)


def airflow_env(where: Home) -> dict[str, str]:
    """Airflow's environment: the settings of dags/airflow.env, metadata and logs inside the home."""
    env = {**os.environ, "AIRFLOW_HOME": str(where.root / "airflow"), "JIANHU_HOME": str(where.root)}
    for name, value in re.findall(
        r"^export (\w+)=(.*)$", (REPO / "dags" / "airflow.env").read_text("utf-8"), re.M
    ):
        env[name] = value.strip('"').replace("$PWD", str(REPO)).replace('"', "")
    env["PATH"] = f"{Path(sys.executable).parent}:{env.get('PATH', '')}"
    return env


def _run(
    command: list[str], env: dict[str, str], log: Path, started: float, watch: str | None = None
) -> None:
    """Run a long command, its output into `log`, lines that match `watch` to the terminal. UserError if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=REPO
        )
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            if watch and (found := re.search(watch, line)):
                _say(found.group(0).strip()[:150], started)
        code = process.wait()
    if code:
        tail = "\n".join(log.read_text("utf-8").splitlines()[-15:])
        raise UserError(
            f"{' '.join(command[:4])} ended with {code}\n{tail}", where=f"log {log}", todo="read the log"
        )


def main() -> int:
    """Simulate once, serve, run the DAG, print the result. Returns the exit code."""
    started = time.monotonic()
    where = home().ensure()
    env = airflow_env(where)
    jianhu = str(Path(sys.executable).with_name("jianhu"))
    logs = where.root / "logs"
    if not (where.root / "synthetic" / "env.json").exists():
        _say(f"making a synthetic district {SINCE} to {UNTIL} (seed {SEED})", started)
        _run(
            [
                jianhu,
                "simulate",
                "--seed",
                str(SEED),
                "--from",
                SINCE,
                "--to",
                str(
                    date.fromisoformat(UNTIL) - timedelta(days=1)
                ),  # --to is the last day, --until the day after it
                "--scale",
                "1",
                "--out",
                str(where.root),
            ],
            env,
            logs / "simulate.log",
            started,
        )
    _say("starting the synthetic providers (HTTP, PostgreSQL, files)", started)
    from district.serve import running

    with running(where.root) as provided:
        env.update({k: str(v) for k, v in provided.items()})
        _say("Airflow metadata", started)
        _run(["airflow", "db", "migrate"], env, logs / "airflow-db.log", started)
        _say("DAG everything: extract, refresh, export", started)
        conf = json.dumps({"as_of": AS_OF, "since": SINCE, "until": UNTIL})
        _run(
            ["airflow", "dags", "test", "everything", "-f", str(REPO / "dags" / "dag_everything.py"), "-c", conf],
            env, logs / "dag-everything.log", started,
            watch=r"(?<=\[DAG TEST\] )(starting|end task) task_id=\w+|(?<=\[info     \] )[^{].*(?=\s+\[warehouse\.tasks\])",
        )  # fmt: skip
    subprocess.run([jianhu, "status", "--towns"], env=env, check=False)
    books = sorted((where.exports).glob("*/leadership_quarterly_*.xlsx"), key=lambda p: p.stat().st_mtime)
    print(f"release:  {where.current.resolve()}")
    print(f"workbook: {books[-1] if books else 'none'}")
    _say("done", started)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as e:
        print(f"make run: {e}", file=sys.stderr)
        sys.exit(e.exit_code)
