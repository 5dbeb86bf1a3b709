"""The one place that calls dbt, always as a subprocess: in-process it would keep the DuckDB lock.

Invariant: dbt sees nothing of the machine but what is passed here (vars, profile, target path); no network, no
telemetry, no state outside `<home>/work/dbt`. A project is parsed once for each state that it is in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from extract.errors import UserError, told_by_system
from extract.home import REPO, Home
from extract.secrets import setting
from extract.seeds import PROJECT_DIR, seed_parts
from extract.source import Source, load_sources
from warehouse.hashing import tree_hash

_PARSED_SUFFIXES = (".sql", ".yml", ".yaml", ".csv", ".md", ".py")
_PROGRESS = re.compile(r"(\d+) of (\d+) (OK|PASS|WARN|ERROR|FAIL|SKIP|NO-OP)\b\s*(.*)")


class DbtFailed(UserError):
    """dbt ended with an error of our own computing (a model, a parse, a contract)."""


@dataclass
class DbtResult:
    """What one dbt call did. results: entries of run_results.json; manifest: parsed manifest.json, read on demand."""

    returncode: int
    target: Path
    log: Path
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def manifest(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.target / "manifest.json").read_text("utf-8"))
        return loaded

    def failed(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Entries with status error or fail; kind: `test`, `model`, `seed`, `unit_test` or None for all."""
        bad = [r for r in self.results if r["status"] in ("error", "fail", "runtime error")]
        return [r for r in bad if kind is None or r["unique_id"].split(".")[0] == kind]


def model_vars(
    project_dir: Path | None = None, sources: Mapping[str, Source] | None = None
) -> dict[str, Any]:
    """The lists that let the unions (readings, indicators, scores, warnings, seeds in parts) find their parts by themselves."""
    models = (project_dir or PROJECT_DIR) / "models"
    names = {p.stem for p in models.rglob("*.sql")}
    declared = load_sources() if sources is None else sources
    fine = sorted(f"stg_{s.name}" for s in declared.values() if s.is_fine and f"stg_{s.name}" in names)
    return {
        "seed_parts": seed_parts(project_dir or PROJECT_DIR),
        "warning_models": sorted(n for n in names if n.startswith("warn_")),
        "reading_models": sorted(
            [f"stg_{s.name}" for s in declared.values() if s.feeds == "reading" and f"stg_{s.name}" in names]
            + (["int_reading_hour"] if fine else [])
        ),
        "fine_models": fine,
        "indicator_models": sorted(n for n in names if n.startswith("ind_")),
        "score_models": sorted(n for n in names if n.startswith("score_")),
    }


def run_dbt(
    args: Sequence[str],
    home: Home,
    *,
    build_db: Path | None = None,
    restricted_db: Path | None = None,
    vars: Mapping[str, Any] | None = None,
    project_dir: Path | None = None,
    sources: Mapping[str, Source] | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    progress: Callable[[str], None] | None = None,
    tolerate_tests: bool = False,
) -> DbtResult:
    """Run `dbt <args>` on the build databases of a home and wait for it.

    vars: as_of, scheme_mode …; the model lists are added here. progress: called with a line per node.
    tolerate_tests: failing data tests do not raise (the audit reads them). Raises DbtFailed with the failing
    node and the log's path.
    """
    project = project_dir or PROJECT_DIR
    work = home.work / "dbt"
    work.mkdir(parents=True, exist_ok=True)
    build_db = build_db or home.work / "build.duckdb"
    restricted_db = restricted_db or home.work / "restricted.duckdb"
    project_file = project / "dbt_project.yml"
    if not project_file.exists():
        raise DbtFailed(
            "there is no dbt project here", where=f"folder {project}", todo="run from a whole checkout"
        )
    target = work / "target"
    results_file = target / "run_results.json"
    results_file.unlink(missing_ok=True)
    fresh_parse = target / "partial_parse.msgpack"
    fresh_parse.unlink(missing_ok=True)
    log = work / "dbt.log"
    all_vars = {**model_vars(project, sources), **(vars or {})}
    command = [
        # its debug log costs a sixth of a build and nobody reads it: what it prints is kept
        sys.executable, str(PROJECT_DIR / "once.py"), "--no-use-colors", "--no-version-check",
        "--log-level-file", "none", "--no-partial-parse",
        *args,
        "--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(target),
        "--log-path", str(work / "logs"), "--vars", json.dumps(all_vars, ensure_ascii=False),
    ]  # fmt: skip
    n = threads or min(os.cpu_count() or 2, 8)
    parsed = work / "parsed" / f"{_parse_key(project, all_vars, (build_db, restricted_db))}.msgpack"
    env = {
        **os.environ,
        "JIANHU_BUILD_DB": str(build_db),
        "JIANHU_RESTRICTED_DB": str(restricted_db),
        "JIANHU_DBT_DIR": str(project),
        "JIANHU_DBT_THREADS": str(n),
        "JIANHU_DBT_PARSED": str(parsed),
        "JIANHU_TEMP_DIR": str(work / "spill"),
        "JIANHU_HASH_KEY": setting("JIANHU_HASH_KEY") or "",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUTF8": "1",
    }
    if memory_limit:
        env["JIANHU_MEMORY_LIMIT"] = memory_limit
    env.pop("PYTHONPATH", None)
    tail: deque[str] = deque(maxlen=60)
    with log.open("w", encoding="utf-8") as out:
        # no session of its own: a Ctrl-C of the caller must reach dbt too
        process = subprocess.Popen(
            command, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", errors="replace", preexec_fn=_die_with_parent,
        )  # fmt: skip
        assert process.stdout is not None
        reader = threading.Thread(target=_pump, args=(process.stdout, out, tail, progress), daemon=True)
        reader.start()
        try:
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        reader.join()
    result = DbtResult(code, target, log)
    if results_file.exists():
        result.results = json.loads(results_file.read_text("utf-8"))["results"]
        if fresh_parse.exists():
            _keep(fresh_parse, parsed)
    if code == 0:
        return result
    failed = result.failed()
    if (
        tolerate_tests
        and failed
        and all(r["unique_id"].startswith("test.") and r["status"] == "fail" for r in failed)
    ):
        return result
    raise DbtFailed(
        _message(failed, list(tail)), where=f"log {log}", todo="read the log; mend the named node"
    )


def _parse_key(project: Path, all_vars: Mapping[str, Any], databases: tuple[Path, ...]) -> str:
    """A hash of all that parsing reads: the project's files, the declared sources, the vars, the names of the databases, the
    packages. as_of is left out: it stands in the SQL of models only, which every run renders anew (tested)."""
    packages = [
        f"{p} {version(p)}" for p in ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb", "jinja2")
    ]
    rest = {k: v for k, v in all_vars.items() if k != "as_of"}
    files = [tree_hash(project, ["."], _PARSED_SUFFIXES), tree_hash(REPO, ["extract/sources"], (".yml",))]
    state = [str(project), files, rest, [p.stem for p in databases], packages, sys.version]
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:32]


def _keep(made: Path, kept: Path) -> None:
    """The parse that dbt just made becomes the one that is used again; that of an earlier state goes. Without it dbt parses."""
    with contextlib.suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        for old in kept.parent.iterdir():
            old.unlink()
        os.replace(made, kept)


def _die_with_parent() -> None:
    """A killed refresh must not leave a dbt behind that writes into the next one's files (Linux only)."""
    import ctypes
    import signal

    try:
        ctypes.CDLL("libc.so.6", use_errno=True).prctl(1, signal.SIGKILL)
    except OSError:
        return


def _pump(stream: Any, out: Any, tail: deque[str], progress: Callable[[str], None] | None) -> None:
    for line in stream:
        with contextlib.suppress(OSError):  # a full disk is told once, by dbt's own failure
            out.write(line)
        tail.append(line.rstrip())
        hit = _PROGRESS.search(line)
        if hit and progress and hit.group(3) not in ("PASS", "SKIP"):
            what = re.sub(r"\s*\.{3,}.*", "", hit.group(4)).strip()
            progress(f"dbt {hit.group(1)}/{hit.group(2)} {hit.group(3)} {what}")


def _message(failed: list[dict[str, Any]], tail: list[str]) -> str:
    told = told_by_system(RuntimeError("\n".join([*tail, *(r.get("message") or "" for r in failed)])))
    if told is not None:
        return told.what
    if not failed:
        lines = [x for x in tail if x.strip()]
        errors = [i for i, x in enumerate(lines) if "Error" in x]
        start = errors[0] if errors else max(0, len(lines) - 8)
        return "dbt could not run: " + " | ".join(x.strip() for x in lines[start : start + 8])
    parts = []
    for r in failed[:3]:
        first = " ".join((r.get("message") or "").split())[:400]
        parts.append(f"{r['unique_id'].split('.', 2)[-1]}: {first}")
    more = f" (and {len(failed) - 3} more)" if len(failed) > 3 else ""
    return f"dbt failed on {len(failed)} node(s): " + " || ".join(parts) + more
