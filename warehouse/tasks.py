"""What an Airflow task does: run one `jianhu` command and translate its exit code. Imports the standard library only.

Exit codes are those of docs/contracts.md: 4 (rows were rejected) is not a failure of the task, every other
code but 0 is; what a failed source did not load never takes back what the others committed.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

OK_CODES = (0, 4)


def jianhu(*args: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run `jianhu ARGS --json`; returns what it printed. Raises RuntimeError with the command's last lines.

    The command runs in a process of its own: it ends with the task, and its memory with it.
    """
    command = [str(Path(sys.executable).with_name("jianhu")), *args, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})})
    for line in done.stderr.splitlines():
        log.info(line)
    try:
        answer: dict[str, Any] = json.loads(done.stdout or "{}")
    except json.JSONDecodeError:
        answer = {"output": done.stdout[-4000:]}
    answer["exit_code"] = done.returncode
    log.info(json.dumps(answer, ensure_ascii=False)[:4000])
    if done.returncode not in OK_CODES:
        failed = answer.get("failed") or []
        names = ", ".join(str(f.get("source", f)) if isinstance(f, dict) else str(f) for f in failed)
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-12:])
        raise RuntimeError(
            f"jianhu {args[0]} ended with {done.returncode}"
            + (f"; failed: {names}" if names else "")
            + f"\n{tail}"
        )
    return answer


def deadline_missed(dag: str, minutes: int, **_: Any) -> None:
    """Called by Airflow when a run has not ended in time: an error in the log that the operator's alerting picks up."""
    log.error("deadline missed: %s did not end within %s minutes", dag, minutes)
