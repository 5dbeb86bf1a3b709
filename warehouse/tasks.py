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
import threading
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

OK_CODES = (0, 4)


def jianhu(*args: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run `jianhu ARGS --json`; returns what it printed. Raises RuntimeError with the command's last lines.

    The command runs in a process of its own: it ends with the task, and its memory with it.
    """
    command = [str(Path(sys.executable).with_name("jianhu")), *args, "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
    )
    told: list[str] = []

    def follow() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            told.append(line.rstrip())
            log.info("%s", line.rstrip())

    listener = threading.Thread(target=follow, daemon=True)
    listener.start()
    assert process.stdout is not None
    printed = process.stdout.read()
    code = process.wait()
    listener.join()
    try:
        answer: dict[str, Any] = json.loads(printed or "{}")
    except json.JSONDecodeError:
        answer = {"output": printed[-4000:]}
    answer["exit_code"] = code
    log.info(json.dumps(answer, ensure_ascii=False)[:4000])
    if code not in OK_CODES:
        failed = answer.get("failed") or []
        names = ", ".join(str(f.get("source", f)) if isinstance(f, dict) else str(f) for f in failed)
        tail = "\n".join((told or printed.splitlines())[-12:])
        raise RuntimeError(
            f"jianhu {args[0]} ended with {code}" + (f"; failed: {names}" if names else "") + f"\n{tail}"
        )
    return answer


def deadline_missed(dag: str, minutes: int, **_: Any) -> None:
    """Called by Airflow when a run has not ended in time: an error in the log that the operator's alerting picks up."""
    log.error("deadline missed: %s did not end within %s minutes", dag, minutes)
