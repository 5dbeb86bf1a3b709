"""The command `jianhu export`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the application; heavy modules are imported when it runs."""

    @app.command("export")
    def export(
        name: Annotated[
            str, typer.Argument(help="name of the export; without it the declared ones are listed")
        ] = "",
        period: Annotated[
            str, typer.Option(help="e.g. 2026-Q1; default: the last complete period at the release's as-of")
        ] = "",
        as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    ) -> None:
        """Print a declared export (leadership workbook) from the current release. 导出领导考核工作簿。

        The workbook is complete or refused. Exit codes: 0 written, 1 refused, 2 wrong use.
        """
        from exports import period as periods
        from exports.spec import load_exports
        from extract.errors import UsageError
        from extract.home import home
        from warehouse.connect import connect, current_release

        declared = load_exports()
        if not name:
            listing = [
                {"name": e.name, "title_zh": e.spec.title_zh, "audience": e.spec.audience}
                for e in declared.values()
            ]
            typer.echo(
                json.dumps(listing, ensure_ascii=False)
                if as_json
                else "\n".join(f"{x['name']}\t{x['title_zh']}\t{x['audience']}" for x in listing)
            )
            return
        if name not in declared:
            raise UsageError(f"no export is named {name!r}", todo="choose one of: " + ", ".join(declared))
        from exports.workbook import write

        chosen = declared[name]
        where = home()
        release = current_release(where)
        as_of = datetime.fromisoformat(str(release["as_of"]))
        kind = chosen.spec.period_type
        wanted = periods.check(kind, period) if period else periods.last_complete(kind, as_of)
        con = connect(where)
        try:
            path = write(chosen, con, release, wanted, where.exports / str(release["id"]))
        finally:
            con.close()
        answer = {
            "export": name,
            "period": wanted,
            "release": release["id"],
            "path": str(path),
            "bytes": path.stat().st_size,
        }
        typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else f"{path}")
