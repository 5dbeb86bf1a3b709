"""Commands of the first half of the house: `jianhu extract` and `jianhu sources`.

Invariant: importing this module loads neither DuckDB nor Arrow nor Great Expectations; the commands do, when called.
"""

from __future__ import annotations

import glob
import json
import os
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extract.errors import UsageError, UserError

if TYPE_CHECKING:
    from extract.run import Report, SourceResult

_STATES = {
    "done": "[green]done[/]", "failed": "[red]failed[/]", "not_configured": "[dim]not configured[/]",
    "nothing": "[yellow]nothing[/]",
}  # fmt: skip


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a day", todo="write it as 2026-03-01") from None


def _console() -> Any:
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=150)  # a log is not cut at 80 columns


def _fail(e: UserError) -> typer.Exit:
    typer.echo(f"error: {e}", err=True)
    return typer.Exit(e.exit_code)


def extract_command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Sources, as `jianhu sources` lists them.")
    ] = None,
    all_sources: Annotated[bool, typer.Option("--all", help="All declared sources.")] = False,
    provider: Annotated[str | None, typer.Option(help="All sources of one provider.")] = None,
    since: Annotated[
        str | None, typer.Option(help="First day, 2026-03-01. Default: what may still come late.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Day after the last, 2026-04-01. Default: tomorrow.")
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(help="Files that stand in for the provider's address, as a glob (in quotes)."),
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option(help="Only this part of the source (sender, section, file).")
    ] = None,
    reparse: Annotated[
        bool,
        typer.Option("--reparse", help="Read stored payloads again after a reader, suite or YAML changed."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    wait: Annotated[
        int, typer.Option(help="Seconds to wait while another run extracts the same source.")
    ] = 600,
) -> None:
    """Bring in data: from declared sources, through the door, to committed loads.

    Loading the same content twice changes nothing. One source's failure leaves the others alone.
    Ends with 0 done, 3 some sources failed (the committed loads stand), 4 done but rows were rejected.
    """
    try:
        from extract import run

        chosen = list(names or [])
        if all_sources or provider:
            chosen += run.names_of(provider)
        elif not chosen and reparse:
            chosen = run.names_of()
        if not chosen:
            raise UsageError("no source is named", todo="name sources, or use --all or --provider NAME")
        if files and len(set(chosen)) != 1:
            raise UsageError("--files belongs to one source", todo="name exactly one source")
        lost = [f for f in files or [] if not any(map(os.path.isfile, glob.iglob(f, recursive=True)))]
        if lost:
            raise UsageError(
                f"no file matches --files {', '.join(lost)}",
                todo="check the path; put a glob in quotes; of a folder name the files: 'folder/*'",
            )
        first, last = _day(since, "--since"), _day(until, "--until")
        if first and last and first >= last:
            raise UsageError(
                f"--until {until} is not after --since {since}", todo="the last day is not included"
            )
        say = None if as_json else (lambda line: typer.echo(line, err=True))
        report = run.extract(
            chosen, since=first, until=last, files=files, parts=part, reparse=reparse, wait_s=wait, say=say
        )
    except UserError as e:
        raise _fail(e) from None
    if as_json:
        typer.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
    else:
        _print(report)
    raise typer.Exit(report.exit_code)


def _print(report: Report) -> None:
    from rich.table import Table

    console = _console()
    table = Table(title="extract", title_justify="left")
    for head in ("source", "state", "new", "same", "refused", "rows in", "loaded", "rejected", "s"):
        table.add_column(head, justify="left" if head in ("source", "state") else "right")
    for r in report.results:
        state = _STATES[r.state] + (" [red]stale[/]" if r.is_stale else "")
        counts = (r.new_loads, r.unchanged_loads, r.refused_loads, r.rows_in, r.rows_loaded, r.rows_rejected)
        table.add_row(r.source, state, *(f"{c:,}" for c in counts), f"{r.seconds:.1f}")
    console.print(table)
    for r in report.results:
        _print_findings(console, r)


def _print_findings(console: Any, r: SourceResult) -> None:
    from rich.markup import escape

    for line in r.notes[:20]:
        console.print(f"[dim]{r.source}: {escape(line)}[/]", highlight=False)
    if r.error:
        console.print(f"[red]{r.source} ({r.provider}) failed:[/] {escape(r.error)}", highlight=False)
    for line in r.refused[1:20]:
        console.print(f"[red]{r.source} refused:[/] {escape(line)}", highlight=False)
    if r.rows_rejected:
        by_check = ", ".join(f"{k} {v:,}" for k, v in sorted(r.rejected_by_check.items()))
        console.print(
            f"[yellow]{r.source}: {r.rows_rejected:,} rows rejected[/] ({escape(by_check)})", highlight=False
        )
    for x in r.rejected:
        cells = f" ({x['cells']} cells)" if x["cells"] > 1 else ""
        where = f"file {x['file']}, row {x['row']}" + (f", {x['col']}{cells}" if x["col"] else "")
        column = f", column {x['column']}" if x["column"] else ""
        line = (
            f"  {where}{column}, value {x['value']!r}, rule {x['rule']}: {x['reason_zh']} / {x['reason_en']}"
        )
        console.print(escape(line), highlight=False)
    told = sum(x["cells"] for x in r.rejected)
    if r.rows_rejected > told:
        console.print(f"  … {r.rows_rejected - told:,} more in the loads' rejected.parquet", highlight=False)
    for path in r.returned:
        console.print(f"  to give back to the sender: {escape(path)}", highlight=False)


def sources_command(
    name: Annotated[str | None, typer.Argument(help="One source: shows its columns.")] = None,
    validate: Annotated[
        bool, typer.Option("--validate", help="Check declarations, options and suites.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the declared sources, show one, or validate all of them."""
    try:
        from extract.source import get_source, load_sources

        chosen = {name: get_source(name)} if name else load_sources()
        faults = _faults(chosen) if validate else {}
    except UserError as e:
        raise _fail(e) from None
    if as_json:
        typer.echo(
            json.dumps(
                {n: {**s.model_dump(mode="json"), "fault": faults.get(n)} for n, s in chosen.items()},
                ensure_ascii=False,
            )
        )
        raise typer.Exit(1 if faults else 0)
    from rich.table import Table

    console = _console()
    if name:
        s = chosen[name]
        console.print(f"{s.name} {s.name_zh}: {s.description}", highlight=False)
        table = Table("column", "type", "required", "privacy", "names used by senders", "meaning")
        for c in s.columns:
            table.add_row(
                c.name,
                c.data_type,
                "yes" if c.required else "",
                c.privacy,
                "、".join(c.aliases),
                c.description,
            )
    else:
        table = Table("source", "name", "provider", "reader", "slice", "schedule", "owner")
        for s in chosen.values():
            kind = s.slice.kind + ("" if s.slice.window == "none" else f" by {s.slice.window}")
            table.add_row(s.name, s.name_zh, s.provider, s.reader, kind, s.schedule, s.owner)
    console.print(table)
    for n, fault in faults.items():
        console.print(f"{n}: {fault}", style="red", highlight=False, markup=False)
    if validate and not faults:
        console.print(f"{len(chosen)} declarations are valid")
    raise typer.Exit(1 if faults else 0)


def _faults(sources: dict[str, Any]) -> dict[str, str]:
    from expectations import gate
    from extract.readers.base import get_reader

    found: dict[str, str] = {}
    for n, s in sources.items():
        try:
            get_reader(s.reader).options(s)
            gate.load_suite(s)
        except UserError as e:
            found[n] = str(e)
    return found


def register(app: typer.Typer) -> None:
    """Adds this module's commands to the command line."""
    app.command("extract")(extract_command)
    app.command("sources")(sources_command)
