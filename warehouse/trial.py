"""The trial: real files through the same sources, doors and models, in a home of its own, and what came of them.

Invariant: trial.json is a function of the files in DATA and of the code; the home is emptied first, never reused.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from pydantic import BaseModel, ConfigDict

from extract.errors import UserError
from extract.home import REPO, Home
from extract.home import home as home_of
from warehouse.trial_figures import conservation, measure, winners

if TYPE_CHECKING:
    from warehouse.build import Options
    from warehouse.candidate import Candidate

PLAN_FILE = REPO / "trial.yml"
RESULT = "trial.json"
_MARKER = ".trial"  # says that the home was made by a trial and may be emptied by the next


class Step(BaseModel):
    """Files of DATA that stand for one source; expect: name under which its number of new loads is told."""

    model_config = ConfigDict(extra="forbid")
    source: str
    files: list[str]
    expect: str | None = None


class Section(BaseModel):
    """A section of trial.json: its keys, and the sources without which they are null."""

    model_config = ConfigDict(extra="forbid")
    sources: list[str]
    keys: list[str]


class Plan(BaseModel):
    """trial.yml."""

    model_config = ConfigDict(extra="forbid")
    steps: list[Step]
    sections: dict[str, Section]


@dataclass
class Trial:
    """A trial under way: the result so far, and what went wrong on the way."""

    data: Path
    home: Home
    plan: Plan
    say: Callable[[str], None]
    result: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    exit_code: int = 0
    release_id: str | None = None


def load_plan(path: Path = PLAN_FILE) -> Plan:
    """The trial plan. Raises UserError naming the key that is wrong."""
    try:
        return Plan(**yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValueError, TypeError) as e:
        raise UserError(
            "the trial plan is not valid", where=f"file {path.name}: {e}", todo="mend the file"
        ) from e


def default_home() -> Home:
    """TRIAL_HOME, else var/trial of the repository."""
    return home_of(os.environ.get("TRIAL_HOME") or REPO / "var" / "trial")


def fresh(home: Home) -> Home:
    """An empty home. Raises UserError when the folder holds anything that no trial has made."""
    if home.root.exists() and any(home.root.iterdir()) and not (home.root / _MARKER).exists():
        raise UserError(
            "a trial empties its home first, and this folder was not made by a trial",
            where=str(home.root),
            todo="choose another with --home or TRIAL_HOME",
        )
    for folder in (home.landing, home.releases, home.exports, home.work):
        shutil.rmtree(folder, ignore_errors=True)
    home.root.mkdir(parents=True, exist_ok=True)
    (home.root / _MARKER).write_text("made by jianhu trial; emptied by the next one\n", "utf-8")
    (home.root / RESULT).unlink(missing_ok=True)
    return home.ensure()


def run_trial(
    data: Path, home: Home, say: Callable[[str], None] = lambda _: None, plan: Plan | None = None
) -> Trial:
    """Extract, build, measure; writes `<home>/trial.json`. Raises UserError when DATA is no folder.

    What is absent gives nulls and a note; what is refused is a note; a failing query is a fault told at the end
    (exit_code 1), and an audit that blocks the release gives exit_code 5 beside the figures.
    """
    if not data.is_dir():
        raise UserError(
            "DATA is not a folder", where=str(data), todo="name a folder laid out as trial.yml says"
        )
    trial = Trial(data.resolve(), fresh(home), plan or load_plan(), say)
    began = time.monotonic()
    _extract(trial)
    extracted = time.monotonic()
    as_of = _as_of(trial)
    if as_of:
        _build_and_measure(trial, as_of)
    else:
        measure(trial, None)
    built = time.monotonic()
    trial.result["conservation"] = conservation(home)
    trial.result |= {
        "as_of": as_of,
        "release_id": trial.release_id,
        "seconds": {"extract": round(extracted - began, 1), "build": round(built - extracted, 1)},
        "notes": trial.notes,
        "faults": trial.faults,
    }
    text = json.dumps(trial.result, ensure_ascii=False, indent=2, default=str)
    (home.root / RESULT).write_text(text + "\n", "utf-8")
    if trial.faults and not trial.exit_code:
        trial.exit_code = 1
    return trial


# ---------------------------------------------------------------- extract and build


def _extract(trial: Trial) -> None:
    from extract import run

    answered: dict[str, dict[str, int]] = {}
    for step in trial.plan.steps:
        globs = [str(Path(_escaped(trial.data)) / g) for g in step.files]
        if step.expect:
            answered[step.expect] = {"new_loads": None, "unchanged_loads": None}  # type: ignore[dict-item]
        if not _matches(globs):
            trial.notes.append(f"{step.source}: no files {' or '.join(step.files)}")
            continue
        trial.say(f"{step.source}: {', '.join(step.files)}")
        report = run.extract([step.source], files=globs, home=trial.home)
        done = report.results[0]
        trial.say(
            f"  {done.new_loads} loads, {done.rows_loaded:,} rows, {done.rows_rejected:,} rejected, {done.seconds:.1f} s"
        )
        trial.notes += [f"{step.source}: refused: {r}" for r in done.refused]
        if done.error and not done.refused:
            trial.faults.append(f"{step.source}: {done.error}")
        if step.expect:
            answered[step.expect] = {"new_loads": done.new_loads, "unchanged_loads": done.unchanged_loads}
    trial.result |= answered


def _escaped(path: Path) -> str:
    import glob

    return glob.escape(str(path))


def _matches(globs: list[str]) -> bool:
    import glob

    return any(Path(p).is_file() for g in globs for p in glob.iglob(g, recursive=True))


def _as_of(trial: Trial) -> str | None:
    """Midnight after the last day that the loads tell of: their windows, else the times of their keys.

    Device clocks (HJ 212) count only where nothing else tells a day: a wrong one would move everything else.
    """
    from extract.source import get_source

    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in winners(trial.home):
        by_source.setdefault(row["source"], []).append(row)
    ends: dict[str, date] = {}
    for name, rows in by_source.items():
        windows = [r["window_end"] for r in rows if r["window_end"]]
        last = max(windows) if windows else _last_day(get_source(name), [str(r["path"]) for r in rows])
        if last:
            ends[name] = last
    steady = [d for n, d in ends.items() if get_source(n).reader != "hj212"] or list(ends.values())
    return f"{max(steady):%Y-%m-%d} 00:00:00" if steady else None


def _last_day(source: Any, folders: list[str]) -> date | None:
    """The day after the greatest time in the key (or, without one there, in any column) of the loads' rows."""
    import duckdb

    times = [c.name for c in source.columns if c.data_type in ("date", "timestamp")]
    keys = [n for n in times if n in source.natural_key or n in source.changed_at]
    files = [f"{p}/rows.parquet" for p in folders]
    if not times:
        return None
    picked = ", ".join(f'max(cast("{n}" as timestamp))' for n in (keys or times))
    with duckdb.connect() as con:
        found = con.execute(f"select {picked} from read_parquet(?)", [files]).fetchone()
    known: list[datetime] = [t for t in found or () if t is not None]
    return max(known).date() + timedelta(days=1) if known else None


def _build_and_measure(trial: Trial, as_of: str) -> None:
    """Build, measure on what was built (staging and steps between included), audit, publish.

    What goes wrong is told as a fault: figures that could be made are kept.
    """
    from warehouse import build
    from warehouse.lock import build_lock

    trial.say(f"build, as of {as_of}")
    options = build.Options(as_of=as_of)
    measured = False
    try:
        with build_lock(trial.home):
            candidate = build.build_candidate(
                trial.home, build.gather(trial.home, options), options, trial.say
            )
            trial.say("measure")
            measure(trial, candidate.folder)
            measured = True
            _publish(trial, candidate, options)
    except UserError as e:
        trial.exit_code = e.exit_code
        trial.faults.append(f"build: {e}")
    if not measured:
        measure(trial, None)


def _publish(trial: Trial, candidate: Candidate, options: Options) -> None:
    from warehouse import audit, build, publish

    trial.say("audit")
    report = audit.audit_candidate(trial.home, candidate, options=options, progress=trial.say)
    if report["critical"]:
        raise build.audit_failure(report, publish.keep_failed(trial.home, candidate))
    trial.say("publish")
    done = publish.publish_candidate(trial.home, candidate, options=options, progress=trial.say)
    trial.release_id = done.release_id


# ---------------------------------------------------------------- the command


def _print(trial: Trial) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    figures = Table(title=f"trial of {trial.data}", show_lines=False)
    for column in ("section", "figure", "value"):
        figures.add_column(column, overflow="fold")
    for name in trial.plan.sections:
        for key, value in trial.result[name].items():
            shown = (
                json.dumps(value, ensure_ascii=False, default=str)
                if isinstance(value, (dict, list))
                else value
            )
            text = "–" if shown is None else f"{shown:,}" if isinstance(shown, int) else str(shown)
            figures.add_row(name, key, text if len(text) <= 400 else text[:400] + " … (trial.json)")
    for step in trial.plan.steps:
        if step.expect:
            for key, value in trial.result[step.expect].items():
                figures.add_row(step.expect, key, "–" if value is None else str(value))
    console.print(figures)
    rows = Table(title="conservation: rows_in = loaded + rejected")
    for column in ("source", "records_in", "rows_in", "loaded", "rejected"):
        rows.add_column(column, justify="left" if column == "source" else "right")
    for name, counts in trial.result["conservation"].items():
        if counts["rows_in"] is not None:
            rows.add_row(name, *(f"{v:,}" for v in counts.values()))
    console.print(rows)
    for note in trial.notes:
        console.print(f"note: {note}", markup=False, highlight=False)
    for fault in trial.faults:
        console.print(f"FAULT: {fault}", markup=False, highlight=False)
    console.print(f"written: {trial.home.root / RESULT}", markup=False, highlight=False)


def register(app: typer.Typer) -> None:
    """Add `jianhu trial`."""

    @app.command("trial")
    def trial(
        data: Annotated[Path, typer.Argument(help="folder of real files, laid out as trial.yml says")],
        home: Annotated[
            Path | None, typer.Option(help="where the trial lives; default TRIAL_HOME, else var/trial")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="print trial.json instead of tables")] = False,
    ) -> None:
        """Run real files through the same sources, door and models, and show what came of them.

        The home is emptied first. Ends with 0 done, 1 a figure could not be made, 5 the audit kept the release back.
        """
        done = run_trial(
            data, home_of(home) if home else default_home(), lambda line: typer.echo(line, err=True)
        )
        if as_json:
            typer.echo(json.dumps(done.result, ensure_ascii=False, indent=2, default=str))
        else:
            _print(done)
        if done.exit_code:
            raise typer.Exit(done.exit_code)
