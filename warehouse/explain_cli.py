"""The command `jianhu explain`: print the trail of one number as a tree, or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.tree import Tree

    from warehouse.explain_step import Step

# told by the row above, or of no use to a reader of the tree; --json has them
_QUIET = {
    "month", "policy_version", "period_start_date", "period_end_date", "subject_type", "scheme_version", "area_type",
    "parent_code", "clause_id", "index_code", "statistic", "averaging_minutes", "source", "site_code", "medium",
    "sort_no", "period_type", "is_applicable", "is_amount", "value_origin",
}  # fmt: skip
_WIDE = 11  # columns of one printed row, beside those that say why
_TOLD_ALWAYS = (
    "reason_zh",
    "withheld_reason_zh",
    "note_zh",
    "status",
    "finding_zh",
    "flag_rule",
    "flag_human",
)


def register(app: typer.Typer) -> None:
    """Add the command to the application; heavy modules are imported when it runs."""

    @app.command("explain")
    def explain(
        indicator: Annotated[
            str,
            typer.Argument(
                help="指标编码或指数 indicator code, or an index: town_green_assessment, fiscal_items, provincial_green_index"
            ),
        ],
        subject: Annotated[
            str,
            typer.Argument(help="主体编码或镇街名 code or Chinese name of a town, an outlet, a section …"),
        ],
        period: Annotated[
            str, typer.Argument(help="期间 2026-03, 2026-Q1 or 2026; - where a report has none")
        ],
        basis: Annotated[
            str,
            typer.Option(
                help="口径 variant of the indicator, e.g. regime_2012, cod; default: `default`, else all"
            ),
        ] = "",
        release: Annotated[str, typer.Option(help="release id; default: the current one")] = "",
        rows: Annotated[int, typer.Option(help="rows printed of each step (all are used)")] = 3,
        as_json: Annotated[
            bool, typer.Option("--json", help="print JSON, with every row and record")
        ] = False,
    ) -> None:
        """Why is this number what it is? 一个数从哪里来：值 → 得分与条款 → 日值 → 读数 → 装载 → 原始记录。

        Every step is recomputed by its model's own SQL from the rows shown; payloads are read again. Exit codes:
        0 all steps agree (or say why they cannot be recomputed), 1 a step differs, 2 there is no such number.
        """
        from extract.home import home
        from warehouse.connect import release_folder
        from warehouse.explain import Explainer

        where = home()
        explainer = Explainer(where, release_folder(where, release or None))
        step = explainer.start(indicator, explainer.subject(subject), period, basis or None)
        if as_json:
            typer.echo(json.dumps(step.as_dict(), ensure_ascii=False))
        else:
            from rich.console import Console

            console = Console()
            console.print(tree(step, rows))
            console.print(summary(step))
        if step.has_failed:
            raise typer.Exit(1)


def summary(step: Step) -> str:
    """One line: steps that agree, differ, cannot be recomputed; payload records reached."""
    steps = [s for s in step.walk() if s.recomputed]
    agree = sum(s.recomputed.startswith("agrees") for s in steps)
    differ = sum(s.recomputed.startswith("differs") for s in steps)
    records = [r for s in step.walk() for r in s.records]
    reached = sum("record" in r and r["agrees"] for r in records)
    loads = len({r["load_id"] for r in records})
    return (
        f"复算一致 {agree} 步，不一致 {differ} 步，无法复算 {len(steps) - agree - differ} 步；"
        f"原始记录 {reached}/{len(records)} 条相符，来自 {loads} 个装载"
    )


def _line(step: Step, row: tuple[Any, ...]) -> str:
    told = [
        (c, v) for c, v in zip(step.columns, row, strict=True)
        if v is not None and v is not False and not c.startswith("_") and c not in _QUIET
    ]  # fmt: skip
    kept = [t for t in told if t[0] not in _TOLD_ALWAYS][:_WIDE] + [t for t in told if t[0] in _TOLD_ALWAYS]
    more = " …" if len(kept) < len(told) else ""
    return (
        "  ".join(f"{step.labels.get(c, c)}={_short(v)}{step.names.get(str(v), '')}" for c, v in kept) + more
    )


def _short(value: Any) -> str:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _verdict(step: Step) -> tuple[str, str]:
    told = step.recomputed
    if told == "agrees":
        return "复算一致 agrees", "green"
    if told.startswith("agrees"):
        return f"复算一致 {told}", "green"
    if told.startswith("differs"):
        return f"不一致 {told}", "bold red"
    return (f"无法复算 {told}", "yellow") if told else ("", "")


def tree(step: Step, rows: int, depth: int = 0) -> Tree:
    """The trail as a rich tree: model and verdict, then its clauses and first rows, then what stands behind them."""
    from rich.text import Text
    from rich.tree import Tree as RichTree

    head = Text.assemble(
        (step.title_zh or step.model, "bold"), f"  {step.model}  {len(step.rows)} 行  ", _verdict(step)
    )
    if step.same_as_above:
        head.append("  同上 as above", style="dim")
        return RichTree(head)
    node = RichTree(head)
    for clause in step.clauses:
        told = f"《{clause['title_zh']}》{clause['standard_no']} {clause['clause']}"
        ended = f"，{clause['repealed_on']} 废止" if clause["repealed_on"] else ""
        node.add(Text(f"条款 {told}（{clause['status']}{ended}）", style="magenta"))
    # the first levels are what was asked: an index has a dozen components
    limit = max(rows, 12) if depth <= 1 else rows
    if step.is_open and not step.is_union:  # the rows of a union are those of its members, below
        for row in step.rows[:limit]:
            node.add(
                Text.assemble(_line(step, row), (f"  【{step.label_zh}】" if step.label_zh else "", "yellow"))
            )
        if len(step.rows) > limit:
            node.add(Text(f"… 另有 {len(step.rows) - limit} 行", style="dim"))
    if step.ends_zh:
        node.add(Text(f"到此为止：{step.ends_zh}", style="yellow"))
    _print_records(node, step, rows)
    for child in step.below:
        node.children.append(tree(child, rows, depth + 1))
    return node


def _print_records(node: Tree, step: Step, rows: int) -> None:
    from rich.text import Text

    for record in [r for r in step.records if "record" in r][:rows]:
        text = "  ".join(f"{k}={_short(v)}" for k, v in record["record"].items() if v is not None)
        same = "与落地一致" if record["agrees"] else "与落地不一致 DIFFERS"
        at = f"第 {record['row_no']} 条" + (f" [{record['col']}]" if record["col"] else "")
        node.add(Text(f"原始记录 {record['payload_name']} {at}（{same}）: {text}", style="cyan"))
    ended: dict[str, list[dict[str, Any]]] = {}
    for record in step.records:
        if "ends_here" in record:
            ended.setdefault(record["ends_here"], []).append(record)
    for reason, group in ended.items():
        first = group[0]
        told = f"{len(group)} 条止于装载 {first['load_id']} 第 {first['row_no']} 条: {reason}"
        node.add(Text(told, style="yellow"))
    if len(step.records) > rows:
        reached = sum("record" in r for r in step.records)
        same_count = sum(r.get("agrees", False) for r in step.records)
        node.add(Text(f"原始记录共 {reached}/{len(step.records)} 条，{same_count} 条与落地一致", style="dim"))
