"""Lock, read the winning loads once, make raw tables, run dbt: a candidate. Then audit and publish it.

Invariant: a release is a pure function of its inputs (warehouse/inputs.py); nothing that anybody reads is written.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from extract.errors import UserError
from extract.home import Home
from extract.source import Source, load_sources
from warehouse import connect as reading
from warehouse.candidate import MEMORY_LIMIT, Candidate, candidate_folder, drop_candidate, write_json
from warehouse.dbt import PROJECT_DIR, run_dbt
from warehouse.faults import reach
from warehouse.inputs import Inputs, default_scheme_mode, parse_as_of, read_inputs
from warehouse.lock import build_lock
from warehouse.raw import create_raw

Progress = Callable[[str], None]


class AuditFailed(UserError):
    """The audit found faults of our own computing; the candidate is kept, the pointer untouched."""

    exit_code = 5


@dataclass
class Outcome:
    """What a refresh did. state: published, unchanged (no new release was needed), withdrawn (this content was
    rolled back and has not changed since)."""

    state: str
    release_id: str
    folder: Path
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Options:
    """How to build. threads, memory_limit: of DuckDB, None = all cores, 5 GB; keep: releases kept by retention."""

    as_of: str | None = None
    scheme_mode: str | None = None
    like: str | None = None
    force: bool = False
    threads: int | None = None
    memory_limit: str | None = None
    keep: int = 12
    project_dir: Path = PROJECT_DIR
    sources: Mapping[str, Source] | None = None
    dbt_args: tuple[str, ...] = ()

    def declared(self) -> Mapping[str, Source]:
        return load_sources() if self.sources is None else self.sources


def gather(home: Home, options: Options) -> Inputs:
    """The inputs of the build that these options ask for. Call under the lock."""
    like: dict[str, Any] | None = None
    as_of, mode = options.as_of, options.scheme_mode
    if options.like:
        like = reading.read_release(reading.release_folder(home, options.like))
        as_of = as_of or like["as_of"]
        mode = mode or like["scheme_mode"]
    return read_inputs(
        home,
        options.declared(),
        parse_as_of(as_of, home),
        mode or default_scheme_mode(home),
        project_dir=options.project_dir,
        like=like,
    )


def build_candidate(
    home: Home, inputs: Inputs, options: Options, progress: Progress | None = None
) -> Candidate:
    """Raw tables and one dbt call in fresh databases; leaves `<home>/work/candidate`. Call under the lock.

    Failing data tests do not raise: the audit judges them. Raises DbtFailed for a fault of a model.
    """
    tell = progress or (lambda _line: None)
    drop_candidate(home)
    folder = home.work / f"building-{os.getpid()}"
    folder.mkdir(mode=0o750)
    build_db, restricted_db = folder / "build.duckdb", folder / "restricted.duckdb"
    try:
        duckdb.connect(str(restricted_db)).close()
        config: dict[str, Any] = {
            "preserve_insertion_order": "false",
            "temp_directory": str(folder / "spill"),
            "memory_limit": options.memory_limit or MEMORY_LIMIT,
            # no release: the newest storage is written in two thirds of the time
            "storage_compatibility_version": "latest",
        }
        if options.threads:
            config["threads"] = str(options.threads)
        with duckdb.connect(str(build_db), config=config) as con:
            rows = create_raw(con, options.declared(), inputs.table(), home, progress)
        reach("build.raw")
        tell(f"raw: {len(inputs.loads)} loads, {sum(rows.values()):,} rows")
        result = run_dbt(
            ["build", "--exclude-resource-type", "unit_test", *options.dbt_args],
            home,
            build_db=build_db,
            restricted_db=restricted_db,
            vars={"as_of": inputs.as_of, "scheme_mode": inputs.scheme_mode},
            project_dir=options.project_dir,
            sources=options.declared(),
            threads=options.threads,
            memory_limit=options.memory_limit,
            progress=progress,
            tolerate_tests=True,
        )
        reach("build.dbt")
        for name in ("manifest.json", "run_results.json"):
            shutil.copyfile(result.target / name, folder / name)
        shutil.copyfile(result.log, folder / "dbt.log")
        write_json(
            folder / "candidate.json",
            {
                "release_id": inputs.release_id,
                **inputs.as_json(),
                "loads": list(inputs.loads),
                "raw_rows": rows,
            },
        )
        final = candidate_folder(home)
        os.rename(folder, final)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    reach("build.candidate")
    return Candidate(final)


def unchanged(home: Home, inputs: Inputs) -> Outcome | None:
    """The reason to build nothing: same inputs and day as the current release, or content that was withdrawn."""
    from warehouse import releases

    try:
        folder = reading.current_folder(home)
    except reading.NoRelease:
        return None
    current = reading.read_release(folder)
    same_day = current["as_of"][:10] == inputs.as_of[:10]
    if current["inputs_hash"] == inputs.inputs_hash and same_day:
        return Outcome("unchanged", current["id"], folder)
    if inputs.inputs_hash in releases.withdrawn(home):
        note = "this content was rolled back and nothing has changed since; --force publishes it again"
        return Outcome("withdrawn", current["id"], folder, [note])
    return None


def build_and_publish(
    home: Home,
    as_of: str | None = None,
    scheme_mode: str | None = None,
    *,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Build, audit and publish in one go, or find that nothing changed. The API of refresh, trial and tests.

    as_of: `YYYY-MM-DD HH:MM:SS` (Asia/Shanghai); scheme_mode: illustrative or official; both override `options`.
    Raises Locked, DbtFailed, AuditFailed (candidate kept under releases/candidate-<id>) and other UserErrors.
    """
    from dataclasses import replace

    from warehouse import audit, publish

    chosen = options or Options()
    chosen = replace(chosen, as_of=as_of or chosen.as_of, scheme_mode=scheme_mode or chosen.scheme_mode)
    tell = progress or (lambda _line: None)
    with build_lock(home):
        reach("build.locked")
        inputs = gather(home, chosen)
        if not chosen.force and not chosen.like:
            nothing = unchanged(home, inputs)
            if nothing:
                return nothing
        tell(f"building {inputs.release_id}: {len(inputs.loads)} loads, as of {inputs.as_of}")
        candidate = build_candidate(home, inputs, chosen, progress)
        tell("audit")
        report = audit.audit_candidate(home, candidate, options=chosen, progress=progress)
        if report["critical"]:
            kept = publish.keep_failed(home, candidate)
            raise audit_failure(report, kept)
        tell("publish")
        return publish.publish_candidate(home, candidate, options=chosen, progress=progress)


def audit_failure(report: Mapping[str, Any], kept: Path) -> AuditFailed:
    """The one message of a failed audit."""
    first = "; ".join(f"{f['check']}: {f['message_en']}" for f in report["critical"][:5])
    more = len(report["critical"]) - 5
    return AuditFailed(
        f"the audit failed on {len(report['critical'])} check(s): {first}"
        + (f" and {more} more" if more > 0 else ""),
        where=f"candidate {kept}",
        rule="faults of our own computing block a release; the current one stays",
        todo="read quality.html in the candidate's folder; mend the model; run `jianhu refresh` again",
    )
