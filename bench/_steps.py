"""Steps of a long case: a command in a process of its own, with its seconds, peak memory and the disk it needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from extract.home import REPO

_WATCH = (
    "import resource, subprocess, sys\n"
    "code = subprocess.run(sys.argv[2:]).returncode\n"
    "open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\n"
    "sys.exit(code)\n"
)


@dataclass
class Step:
    """What one command took. peak_mb: of the largest process; disk_gb: the most that lay in the watched folder."""

    seconds: float
    peak_mb: float
    disk_gb: float
    stdout: str


def say(line: str) -> None:
    """Progress, for who waits an hour for the figures."""
    print(f"  {time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def size_gb(folder: Path) -> float:
    """What lies in a folder."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:  # removed meanwhile
                continue
    return total / 1e9


def need_disk(folder: Path, gigabytes: float) -> None:
    """RuntimeError when the disk of the folder has less than that free: better now than after an hour."""
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise RuntimeError(
            f"this case needs {gigabytes:.0f} GB, {folder} has {free:.0f} GB free; set TMPDIR to a larger disk or use a smaller --scale"
        )


def call(args: list[str], home: Path, watched: Path | None = None, ok: tuple[int, ...] = (0, 4)) -> Step:
    """Run a command in the home; its stderr is passed on. RuntimeError with its last lines when it fails."""
    env = {**os.environ, "JIANHU_HOME": str(home)}
    note = home / "peak.txt"
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", _WATCH, str(note), *args], env=env, cwd=REPO, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    tail: deque[str] = deque(maxlen=30)
    most = [0.0]
    done = threading.Event()
    threads = [threading.Thread(target=_pass_on, args=(process, tail), daemon=True)]
    if watched is not None:
        threads.append(threading.Thread(target=_watch, args=(watched, most, done), daemon=True))
    for t in threads:
        t.start()
    assert process.stdout is not None
    out = process.stdout.read()
    code = process.wait()
    seconds = time.perf_counter() - begun
    done.set()
    for t in threads:
        t.join()
    if code not in ok:
        raise RuntimeError(
            f"{' '.join(args[:5])} ended with {code}: "
            + " | ".join(("".join(tail) + out).split("\n"))[-1500:]
        )
    return Step(seconds, int(note.read_text()) / 1024, most[0], out)


def _pass_on(process: subprocess.Popen[str], tail: deque[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        tail.append(line)
        sys.stderr.write("    " + line)
        sys.stderr.flush()


def _watch(folder: Path, most: list[float], done: threading.Event) -> None:
    while not done.wait(3):
        most[0] = max(most[0], size_gb(folder))
    most[0] = max(most[0], size_gb(folder))
