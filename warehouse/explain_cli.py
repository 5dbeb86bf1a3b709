"""The command `jianhu explain`: print the trail of one number as a tree, or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.tree import Tree

    from warehouse.explain import Step


def register(app: typer.Typer) -> None:
    """Add the command to the application; heavy modules are imported when it runs."""

    @app.command("explain")
    def explain(
        indicator: Annotated[
            str,
            typer.Argument(
                help="indicator code, or an index: town_green_assessment, fiscal_items, provincial_green_index"
            ),
        ],
        subject: Annotated[str, typer.Argument(help="code or Chinese name of a town, an outlet, a point …")],
        period: Annotated[str, typer.Argument(help="2026-03, 2026-Q1 or 2026")],
        basis: Annotated[str, typer.Option(help="variant of the indicator, e.g. regime_2012")] = "default",
        release: Annotated[str, typer.Option(help="release id; default: the current one")] = "",
        rows: Annotated[int, typer.Option(help="rows printed of each step (all are used)")] = 6,
        as_json: Annotated[bool, typer.Option("--json", help="print JSON, with every row")] = False,
    ) -> None:
        """Why is this number what it is? 一个数从哪里来：值 → 得分与条款 → 日值 → 读数 → 装载 → 原始记录。

        Every step is recomputed by its model's own SQL from nothing but the rows shown. Exit codes: 0 all steps agree,
        1 a step differs, 2 there is no such number.
        """
        from extract.home import home
        from warehouse.connect import release_folder
        from warehouse.explain import Explainer

        where = home()
        explainer = Explainer(where, release_folder(where, release or None))
        step = explainer.start(indicator, explainer.subject(subject), period, basis)
        if as_json:
            typer.echo(json.dumps(step.as_dict(), ensure_ascii=False))
        else:
            from rich.console import Console

            Console().print(tree(step, rows))
        if any(s.recomputed.startswith("differs") for s in step.walk()):
            raise typer.Exit(1)


def _line(columns: list[str], row: tuple[Any, ...]) -> str:
    shown = [
        f"{c}={v}" for c, v in zip(columns, row, strict=True)
        if v is not None and not c.startswith("_") and c not in ("month", "policy_version")
    ]  # fmt: skip
    return "  ".join(shown)


def tree(step: Step, rows: int) -> Tree:
    """The trail as a rich tree: model and verdict, then the first rows, then what stands behind them."""
    from rich.text import Text
    from rich.tree import Tree as RichTree

    verdict = {"agrees": "复算一致 recomputed: agrees", "": ""}.get(step.recomputed, step.recomputed)
    node = RichTree(
        Text.assemble(
            (step.model, "bold"),
            f"  {step.title_zh}  ({len(step.rows)} rows)  ",
            (verdict, "green" if step.recomputed == "agrees" else "red"),
        )
    )
    for row in step.rows[:rows]:
        node.add(Text(_line(step.columns, row)))
    if len(step.rows) > rows:
        node.add(Text(f"… and {len(step.rows) - rows} more rows", style="dim"))
    for record in step.records[:rows]:
        if "ends_here" in record:
            node.add(
                Text(
                    f"load {record['load_id']} row {record['row_no']}: {record['ends_here']}", style="yellow"
                )
            )
        else:
            text = "  ".join(f"{k}={v}" for k, v in record["record"].items() if v is not None)
            same = "as received" if record["agrees"] else "DIFFERS from landing"
            node.add(
                Text(
                    f"payload {record['payload_name']} record {record['row_no']} ({same}): {text}",
                    style="cyan",
                )
            )
    if len(step.records) > rows:
        reached = sum("ends_here" not in r for r in step.records)
        node.add(Text(f"… {reached} of {len(step.records)} rows reached their payload record", style="dim"))
    for child in step.below:
        node.children.append(tree(child, rows))
    return node
