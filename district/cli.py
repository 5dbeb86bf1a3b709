"""`jianhu simulate` and `jianhu truth`.

Invariant: importing this module loads neither numpy nor Arrow nor DuckDB; the commands do, when called.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from extract.errors import UsageError, UserError


def _day(text: str, option: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a day", todo="write it as 2026-03-01") from None


def _fail(e: UserError) -> typer.Exit:
    typer.echo(f"error: {e}", err=True)
    return typer.Exit(e.exit_code)


def simulate_command(
    seed: Annotated[int, typer.Option(help="The one number that decides everything.")] = 1,
    first: Annotated[str, typer.Option("--from", help="First day of the data.")] = "2025-01-01",
    last: Annotated[str, typer.Option("--to", help="Last day of the data, included.")] = "2026-03-31",
    scale: Annotated[float, typer.Option(help="Multiplies points, enterprises, complaints.")] = 1.0,
    out: Annotated[
        Path | None,
        typer.Option(help="Home of the district (default: JIANHU_HOME); a folder for --tier."),
    ] = None,
    tier: Annotated[
        str | None,
        typer.Option(
            help="For benchmarks, only air: `hourly` (24 million values of a year) or `5min` (270 million)."
        ),
    ] = None,
    year: Annotated[int, typer.Option(help="The year of --tier.")] = 2025,
    points: Annotated[
        int | None, typer.Option(help="Air points of --tier (default 457 hourly, 429 5min).")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Only the first days of the year of --tier.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Make a synthetic Keqiao from one seed: payloads, files as offices send them, and the truth planted in them.

    Serve it with: python -m district.serve --home HOME
    """
    try:
        if tier is not None:
            summary = _tier(tier, out, seed, year, points, days)
        else:
            from district.simulate import simulate

            summary = simulate(
                seed, _day(first, "--from"), _day(last, "--to"), scale, out,
                progress=lambda step: typer.echo(f"  {step} …", err=True),
            )  # fmt: skip
    except UserError as e:
        raise _fail(e) from None
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    for name, value in summary.items():
        typer.echo(
            f"{name}: {json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value}"
        )


def _tier(
    tier: str, out: Path | None, seed: int, year: int, points: int | None, days: int | None
) -> dict[str, Any]:
    if tier not in ("hourly", "5min"):
        raise UsageError(f"no tier is named {tier!r}", todo="use --tier hourly or --tier 5min")
    if out is None:
        raise UsageError(f"--tier {tier} needs a folder", todo="add --out DIR")
    out_of_range = (points is not None and not 1 <= points <= 9999) or (
        days is not None and not 1 <= days <= 366
    )
    if not 1990 <= year <= 2100 or out_of_range:
        raise UsageError(
            "year, points or days out of range", where=f"year {year}, points {points}, days {days}"
        )
    from district import bulk

    if tier == "hourly":
        return bulk.write_year(out, seed, year, points or bulk.POINTS, days)
    say = lambda month: typer.echo(f"  {month} …", err=True)  # noqa: E731
    return bulk.write_fine_year(out, seed, year, points or bulk.FINE_POINTS, days, say)


def truth_command(
    home: Annotated[Path | None, typer.Option(help="Home of the warehouse (default: JIANHU_HOME).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Hold the current release against what was planted: per kind planted, found, falsely found, recall, precision.

    Exit code 0 when every kind that could be examined is found wholly and nothing falsely, else 1.
    """
    try:
        from district.truth import compare

        report = compare(home)
    except UserError as e:
        raise _fail(e) from None
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _table(report)
    if not report["is_perfect"]:
        raise typer.Exit(1)


def _table(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"planted truth against release {report['release']} (seed {report['seed']})")
    for name in ("kind", "planted", "found", "falsely found", "recall", "precision", "note"):
        table.add_column(name, justify="left" if name in ("kind", "note") else "right")
    for r in report["kinds"]:
        table.add_row(
            r["kind"], str(r["planted"]), str(r["found"]), str(r["falsely_found"]),
            "" if r["recall"] is None else f"{r['recall']:.4f}",
            "" if r["precision"] is None else f"{r['precision']:.4f}", r["note"],
        )  # fmt: skip
    Console(width=130).print(table)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("simulate")(simulate_command)
    app.command("truth")(truth_command)
