"""Runs benchmark cases, each in a process of its own, and writes `$JIANHU_HOME/bench/bench.json`.

A case is a module of this package that has a function `run(context) -> Result | list[Result]`; its name is the module's. Modules whose
name begins with an underscore are helpers. Invariant: a case compares results with its rival before it times them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import bench
from extract.home import REPO

_NOT_CASES = {"run"}


@dataclass
class Result:
    """One entry of bench.json.

    seconds: ours, the fastest of several; ratio: rival's seconds / ours (more than 1: ours is faster), None without a rival;
    equal: whether the rival gave the same results, None without a rival; peak_mb: peak memory of ours.
    """

    name: str
    rows: int
    seconds: float
    rows_per_s: float
    peak_mb: float
    rival: str | None = None
    ratio: float | None = None
    equal: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Context:
    """home: where results go; work: an empty folder of the case's own; scale: 1 = the size that is quoted."""

    home: Path
    work: Path
    scale: float


def peak_mb() -> float:
    """Peak resident memory in MB of this process and of its largest finished child, so far."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(max(own, child) / 1024, 1)


def timed(
    call: Callable[[], Any], times: int = 1, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, Any]:
    """Seconds of the fastest of `times` calls (others on the machine only ever add), and the last call's result."""
    seconds: list[float] = []
    out: Any = None
    for _ in range(times):
        begun = clock()
        out = call()
        seconds.append(clock() - begun)
    return min(seconds), out


def cases() -> list[str]:
    """Names of the cases, in order."""
    names = (m.name for m in pkgutil.iter_modules(bench.__path__))
    return sorted(n for n in names if not n.startswith("_") and n not in _NOT_CASES)


def _one(name: str, home: Path, scale: float, out: Path) -> None:
    """In the child: run one case and write its entry."""
    with tempfile.TemporaryDirectory(prefix=f"bench_{name}_") as work:
        found = importlib.import_module(f"bench.{name}").run(Context(home, Path(work), scale))
    results: list[Result] = found if isinstance(found, list) else [found]
    out.write_text(json.dumps([asdict(r) for r in results]), encoding="utf-8")


def _measure(name: str, home: Path, scale: float) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="bench_") as folder:
        out = Path(folder) / "result.json"
        command = [
            sys.executable,
            "-m",
            "bench",
            "--child",
            str(out),
            "--home",
            str(home),
            "--scale",
            str(scale),
            name,
        ]
        # what a long case says on the way is shown at once; its last line tells why it failed
        process = subprocess.Popen(
            command, cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        last = ""
        for line in process.stderr:
            sys.stderr.write(line)
            last = line.strip() or last
        if process.wait() or not out.exists():
            return [{"name": name, "failed": last or f"ended with {process.returncode}"}]
        found: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
        return found


def main(argv: list[str] | None = None) -> int:
    """Command line; 0 when every case ran and every comparison was equal, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure the cases named, or all of them."
    )
    parser.add_argument("case", nargs="*", help="cases to run (default: all)")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the input; 1 is what is quoted")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("JIANHU_HOME", "var")))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if asked.list:
        print("\n".join(cases()))
        return 0
    unknown = set(asked.case) - set(cases())
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are: {', '.join(cases())}")
    home = asked.home.resolve()
    if asked.child:
        _one(asked.case[0], home, asked.scale, asked.child)
        return 0
    target = home / "bench" / "bench.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    entries = {e["name"]: e for e in json.loads(target.read_text("utf-8"))} if target.exists() else {}
    ran: list[dict[str, Any]] = []
    for name in asked.case or cases():
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        for entry in _measure(name, home, asked.scale):
            ran.append(entry)
            entries[entry["name"]] = entry
        part = target.with_suffix(".part")
        part.write_text(
            json.dumps(list(entries.values()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        os.replace(part, target)
    print(json.dumps(ran, ensure_ascii=False, indent=1))
    return int(any("failed" in e or e.get("equal") is False for e in ran))
