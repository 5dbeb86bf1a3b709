"""The command line `jianhu`. Exit codes: docs/contracts.md section 9.

Invariant: importing this module and printing any `--help` loads neither DuckDB, Arrow, dbt nor Great Expectations;
a user's mistake ends in one message on stderr and an exit code, never in a traceback.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from typing import Annotated, Any

import typer

from extract.errors import UsageError, UserError, told_by_system

app = typer.Typer(
    name="jianhu",
    help="鉴湖 Jianhu: an environment warehouse whose every number can be traced to its readings and clauses.\n\n"
    "Exit codes: 0 done; 1 failed (one message); 2 wrong use; 3 some sources failed; 4 done, rows were rejected; "
    "5 audit failed, nothing published; 6 another run holds the lock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
releases_app = typer.Typer(help="List releases and what they hold.", no_args_is_help=True)
app.add_typer(releases_app, name="releases")

# modules that bring commands of their own; each offers register(app) and imports lightly
COMMAND_MODULES = (
    "extract.cli",
    "extract.templates",
    "exports.cli",
    "warehouse.explain_cli",
    "warehouse.trial",
    "district.cli",
)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="The instant the release speaks of, Asia/Shanghai: 2026-04-01 or '2026-04-01 08:00:00'."
    ),
]
Scheme = Annotated[
    str | None,
    typer.Option(
        help="illustrative (示意权重) or official (withholds what is not official). Default: by home."
    ),
]
Like = Annotated[str | None, typer.Option(help="Replay the loads, as-of and scheme of this release.")]
Threads = Annotated[int | None, typer.Option(help="Threads of the build. Default: all cores.")]
Memory = Annotated[str | None, typer.Option(help="Memory limit of DuckDB, e.g. 5GB.")]


@app.callback()
def _root(
    home: Annotated[
        str | None, typer.Option(help="The warehouse's home. Default: JIANHU_HOME, else ./var.")
    ] = None,
) -> None:
    if home:
        os.environ["JIANHU_HOME"] = home


def say(line: str) -> None:
    """Progress, on stderr, so that stdout stays for results."""
    print(line, file=sys.stderr, flush=True)


def show_json(body: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(body, ensure_ascii=False, indent=1, default=str))


@app.command()
def status(
    as_json: JsonFlag = False,
    as_of: AsOf = None,
    towns: Annotated[
        bool, typer.Option("--towns", help="The table of the 16 towns of the current release.")
    ] = False,
    systems: Annotated[
        bool,
        typer.Option("--systems", help="The systems of the plan, what serves each and how far it stands."),
    ] = False,
    period: Annotated[
        str | None, typer.Option(help="Period of the town table: 2025, 2026-Q1, 2026-03.")
    ] = None,
) -> None:
    """What is loaded, what is stale, and which release is current.

    A source is stale when its newest load is older than its declared freshness. With --towns: assessment score and
    rank within the group, good-air days, water class share, complaints and permit reports in time.
    """
    from extract.home import home

    if systems:
        from warehouse import systems as plan

        if as_json:
            show_json(plan.listing())
        else:
            plan.show()
        return
    if towns:
        from warehouse import town_table

        if as_json:
            show_json(town_table.read(home(), period))
        else:
            town_table.show(home(), period)
        return
    from warehouse import status as module

    body = module.status(home(), as_of)
    if as_json:
        show_json(body)
    else:
        module.show(body)


def _options(
    as_of: str | None, scheme_mode: str | None, like: str | None, force: bool,
    threads: int | None, memory: str | None, keep: int = 12,
) -> Any:  # fmt: skip
    from warehouse.build import Options

    if keep < 1:
        raise UsageError("--keep must be at least 1")
    return Options(
        as_of=as_of, scheme_mode=scheme_mode, like=like, force=force, threads=threads, memory_limit=memory, keep=keep
    )  # fmt: skip


@app.command()
def build(
    as_of: AsOf = None, scheme_mode: Scheme = None, like: Like = None, threads: Threads = None,
    memory_limit: Memory = None, as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """Build a candidate from the winning loads: raw tables, then dbt. Publishes nothing; `audit` and `publish` follow."""
    from extract.home import home
    from warehouse import build as module
    from warehouse.lock import build_lock

    options = _options(as_of, scheme_mode, like, True, threads, memory_limit)
    where = home()
    with build_lock(where):
        inputs = module.gather(where, options)
        candidate = module.build_candidate(where, inputs, options, say)
    answer = {"candidate": candidate.release_id, "loads": len(inputs.loads), "as_of": inputs.as_of}
    show_json(answer) if as_json else print(f"candidate {candidate.release_id} built; next: jianhu audit")


@app.command()
def audit(as_json: JsonFlag = False) -> None:
    """Audit the candidate: dbt tests, published figures, balances, privacy, leadership marts, diff. Exit code 5: failed."""
    from extract.home import home
    from warehouse import audit as module
    from warehouse import build as building
    from warehouse.candidate import Candidate, candidate_folder
    from warehouse.lock import build_lock

    where = home()
    with build_lock(where):
        candidate = Candidate(candidate_folder(where))
        report = module.audit_candidate(where, candidate, options=building.Options(), progress=say)
    if as_json:
        show_json({k: report[k] for k in ("release_id", "critical", "findings", "checks", "reconciliation")})
    else:
        for kind in ("critical", "findings"):
            for f in report[kind]:
                print(f"{kind}\t{f['check']}\t{f['message_zh']}")
        print(f"{len(report['critical'])} critical, {len(report['findings'])} findings")
    if report["critical"]:
        raise typer.Exit(5)


@app.command()
def publish(
    keep: Annotated[int, typer.Option(help="How many releases are kept.")] = 12, as_json: JsonFlag = False
) -> None:
    """Publish the audited candidate: copy into new files, move the pointer."""
    from extract.home import home
    from warehouse import build as building
    from warehouse import publish as module
    from warehouse.candidate import Candidate, candidate_folder
    from warehouse.lock import build_lock

    where = home()
    with build_lock(where):
        candidate = Candidate(candidate_folder(where))
        done = module.publish_candidate(where, candidate, options=building.Options(keep=keep), progress=say)
    _tell(done, as_json)


@app.command()
def refresh(
    as_of: AsOf = None, scheme_mode: Scheme = None, like: Like = None,
    if_changed: Annotated[
        bool,
        typer.Option("--if-changed/--force", help="Skip when loads, code, seeds and day are those of the current release."),
    ] = True,
    keep: Annotated[int, typer.Option(help="How many releases are kept.")] = 12,
    threads: Threads = None, memory_limit: Memory = None, as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """Build, audit and publish in one go; skipped when nothing changed. Late data, backfill and bug fixes: the same act."""
    from extract.home import home
    from warehouse.build import build_and_publish

    options = _options(as_of, scheme_mode, like, not if_changed, threads, memory_limit, keep)
    _tell(build_and_publish(home(), options=options, progress=say), as_json)


def _tell(done: Any, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "release": done.release_id,
                "state": done.state,
                "unchanged": done.state != "published",
                "path": str(done.folder),
                "warnings": done.warnings,
            }
        )
        return
    words = {"published": "published", "unchanged": "unchanged, no new release", "withdrawn": "not published"}
    print(f"release {done.release_id}: {words[done.state]}")
    for line in done.warnings:
        print(f"  ! {line}")
    print(f"  {done.folder}")


@app.command()
def rollback(
    to: Annotated[
        str | None, typer.Argument(help="Release id; without it, the one before the current.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; kept in releases/history.jsonl.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Point to an earlier release. What is left is not published again until loads, code or seeds change."""
    from extract.home import home
    from warehouse import releases
    from warehouse.lock import build_lock

    where = home()
    with build_lock(where):
        before, after = releases.rollback(where, to, reason)
    show_json({"from": before, "to": after}) if as_json else print(f"rolled back from {before} to {after}")


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="Release id (or its beginning), or `current`.")],
    after: Annotated[str, typer.Argument(help="Release id, or `current`.")] = "current",
    as_json: JsonFlag = False,
) -> None:
    """What changed between two releases: tables, rows, months, indicator cells."""
    from extract.home import home
    from warehouse import status as module

    body = module.diff_releases(home(), before, after)
    if as_json:
        show_json(body)
    else:
        module.show_diff(body)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help='One SELECT, e.g. "SELECT * FROM rpt_town_assessment".')],
    as_json: JsonFlag = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    limit: Annotated[int | None, typer.Option(help="Rows at most; 0 = all. Default: 200 on a terminal, else all.")] = None,
    release: Annotated[str | None, typer.Option(help="Another release than the current one.")] = None,
    restricted: Annotated[bool, typer.Option("--restricted", help="Also open the restricted tables (your right to the file decides).")] = False,
) -> None:  # fmt: skip
    """Ask the current release, read-only. Tables: SHOW TABLES; columns: DESCRIBE <table>."""
    from extract.home import home
    from warehouse import query as module

    module.run(home(), sql, form="json" if as_json else "csv" if csv else "table", limit=limit, release=release,
               restricted=restricted)  # fmt: skip


@releases_app.command("list")
def releases_list(as_json: JsonFlag = False) -> None:
    """Releases of this home, newest publication first."""
    from extract.home import home
    from warehouse import releases

    found = releases.listing(home())
    if as_json:
        show_json(found)
        return
    for r in found:
        mark = "*" if r["is_current"] else " "
        print(
            f"{mark} {r['id']}  as of {r['as_of']}  {r['scheme_mode']}  {r['loads']} loads  {r['rows']:,} rows"
        )
    if not found:
        print("no release yet")


@releases_app.command("history")
def releases_history(as_json: JsonFlag = False) -> None:
    """What was published, rolled back and removed, oldest first."""
    from extract.home import home
    from warehouse import releases

    lines = releases.history(home())
    if as_json:
        show_json(lines)
        return
    for line in lines:
        rest = " ".join(f"{k}={v}" for k, v in line.items() if k not in ("at", "action") and v)
        print(f"{line['at']}  {line['action']}  {rest}")


def _register_modules() -> None:
    for name in COMMAND_MODULES:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            continue
        module = importlib.import_module(name)
        if hasattr(module, "register"):
            module.register(app)


def main() -> None:
    """The entry point: one message for a user's mistake."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        _register_modules()
        app()
    except UserError as e:
        print(f"error: {e}", file=sys.stderr)
        sys.exit(e.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as e:
        told = told_by_system(e)
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        sys.exit(told.exit_code)
    except KeyboardInterrupt:
        print("error: interrupted; nothing half-made is left behind", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
