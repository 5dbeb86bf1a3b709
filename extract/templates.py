"""The workbook that an office fills in, made from a register's declaration.

Invariant: the template's version is a hash of what its columns are; a workbook of another version is refused.
"""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import xlsxwriter

from extract.errors import UsageError
from extract.seeds import PROJECT_DIR
from extract.source import Column, Source, get_source, load_sources

META_SHEET, DATA_SHEET, HELP_SHEET, LIST_SHEET = "_meta", "填报", "填报说明", "_lists"
NUMBER_HEADER, EXAMPLE_MARK = "序号", "示例"
SENDER_LABEL, PERIOD_LABEL = "报送单位", "报送期间"
_ROWS = 2000  # rows below the header that carry validation and formats
_AREA_SEED = PROJECT_DIR / "seeds" / "reference" / "area.csv"
_TYPE_ZH = {"int": "整数", "bigint": "整数", "date": "日期", "timestamp": "日期时间", "boolean": "是/否"}


def template_version(source: Source) -> str:
    """Eight hex digits that change when a column's name, type, headers, obligation or allowed values change."""
    said = [
        [c.name, c.data_type, c.headers(), c.required, c.allowed, c.parse, c.unit]
        for c in source.columns
    ]  # fmt: skip
    return hashlib.sha256(json.dumps([source.name, said], ensure_ascii=False).encode()).hexdigest()[:8]


def towns() -> list[str]:
    """Names of the towns, from the area seed; empty where it is not there."""
    if not _AREA_SEED.exists():
        return []
    with _AREA_SEED.open(encoding="utf-8") as f:
        return [r["name_zh"] for r in csv.DictReader(f) if r.get("area_type") == "town"]


def header_of(column: Column) -> str:
    """The header that the template prints: the sender's first name for the column."""
    return column.aliases[0] if column.aliases else column.name


def choices(column: Column) -> list[str]:
    """The texts among which a cell is chosen, or none."""
    if column.allowed:
        return list(column.allowed)
    if column.data_type == "boolean":
        return ["是", "否"]
    if column.name == "town_name":
        return towns()
    return []


def _kind(column: Column) -> str:
    if column.parse == "measurement":
        return "数字，可填 0.05L、<0.05、未检出"
    if column.data_type.startswith("decimal"):
        return "数字"
    return _TYPE_ZH.get(column.data_type, "文本")


def _example(column: Column) -> str | float:
    picked = choices(column)
    if picked:
        return picked[0]
    if column.name == "period":
        return "2026"
    if column.data_type.startswith("decimal"):
        return 12.5
    if column.data_type in ("int", "bigint"):
        return 3.0
    if column.data_type in ("date", "timestamp"):
        return "2026-01-31" if column.data_type == "date" else "2026-01-31 08:00"
    return f"（{column.description.split('，')[0].split('：')[0]}）"


def make_template(source: Source, out: Path, *, sender: str = "", period: str = "") -> Path:
    """Write the template of a register source to `out`; equal arguments give equal bytes.

    Raises UsageError for a source whose rows do not come by template.
    """
    if source.reader != "register":
        registers = [n for n, s in load_sources().items() if s.reader == "register"]
        raise UsageError(
            f"source {source.name} is not a register: its data come from {source.reader}, not from a template",
            todo="choose one of: " + ", ".join(registers),
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(out), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": source.name_zh, "created": datetime(2000, 1, 1)})
        sheet = book.add_worksheet(DATA_SHEET)
        _fill_data_sheet(book, sheet, source, sender, period)
        _fill_help_sheet(book, source)
        meta = book.add_worksheet(META_SHEET)
        for i, (name, value) in enumerate(
            [
                ("source", source.name),
                ("version", template_version(source)),
                ("sender", sender),
                ("period", period),
            ]
        ):
            meta.write_string(i, 0, name)
            meta.write_string(i, 1, value)
        meta.hide()
        _add_lists(book, sheet, source)
    return out


def _fill_data_sheet(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, source: Source, sender: str, period: str) -> None:  # fmt: skip
    title = book.add_format({"bold": True, "font_size": 14})
    label = book.add_format({"bold": True, "align": "right"})
    open_cell = book.add_format({"border": 1, "bg_color": "#FFFBE6", "num_format": "@"})
    must = book.add_format(
        {"bold": True, "border": 1, "bg_color": "#F8CBAD", "text_wrap": True, "align": "center"}
    )
    may = book.add_format(
        {"bold": True, "border": 1, "bg_color": "#DDEBF7", "text_wrap": True, "align": "center"}
    )
    grey = book.add_format({"italic": True, "font_color": "#808080", "bg_color": "#F2F2F2"})
    text = book.add_format({"num_format": "@"})
    sheet.write_string(0, 0, source.name_zh, title)
    for at, name, value in ((0, SENDER_LABEL, sender), (2, PERIOD_LABEL, period)):
        sheet.write_string(1, at, name, label)
        sheet.write_string(1, at + 1, value, open_cell)
    sheet.write_string(2, 0, NUMBER_HEADER, may)
    sheet.write_string(3, 0, f"{EXAMPLE_MARK}（不导入）", grey)
    sheet.set_column(0, 0, 14)
    for i, column in enumerate(source.columns, 1):
        header = header_of(column)
        sheet.write_string(2, i, header, must if column.required else may)
        said = [column.description, f"填写：{_kind(column)}", "必填" if column.required else "可空"]
        if column.unit:
            said.append(f"单位：{column.unit}")
        if column.privacy == "personal":
            said.append("含个人信息，按受限数据管理")
        sheet.write_comment(2, i, "\n".join(said), {"x_scale": 1.6, "author": "jianhu"})
        example = _example(column)
        if isinstance(example, float):
            sheet.write_number(3, i, example, grey)
        else:
            sheet.write_string(3, i, example, grey)
        sheet.set_column(i, i, max(12, 2 * len(header) + 2), text if column.is_text else None)
    sheet.set_row(2, 32)
    sheet.freeze_panes(3, 2)


def _add_lists(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, source: Source) -> None:
    lists = book.add_worksheet(LIST_SHEET)
    at = 0
    for i, column in enumerate(source.columns, 1):
        said = f"{column.description}；{'必填' if column.required else '可空'}"[:250]
        picked = choices(column)
        rule: dict[str, Any]
        if picked:
            lists.write_column(0, at, picked)
            name = xlsxwriter.utility.xl_col_to_name(at, True)
            rule = {"validate": "list", "source": f"='{LIST_SHEET}'!{name}$1:{name}${len(picked)}",
                    "error_title": "请从列表选择"[:32], "error_message": f"{header_of(column)}应从下拉列表中选择"}  # fmt: skip
            at += 1
        elif column.data_type.startswith("decimal") and column.parse == "plain":
            rule = {"validate": "decimal", "criteria": ">=", "value": -1e12, "error_title": "应为数字",
                    "error_message": f"{header_of(column)}只填数字，不带单位"}  # fmt: skip
        else:
            rule = {"validate": "any"}
        rule |= {"input_title": header_of(column)[:32], "input_message": said, "ignore_blank": True}
        sheet.data_validation(3, i, _ROWS, i, rule)
    lists.hide()


def _fill_help_sheet(book: xlsxwriter.Workbook, source: Source) -> None:
    sheet = book.add_worksheet(HELP_SHEET)
    bold = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7"})
    lines = [
        f"{source.name_zh}：{source.description}",
        "请在“填报”表中填写，从示例行的下一行开始；不要改动表头、隐藏工作表和文件结构。",
        "退回的文件中，标红的单元格有误，“原因”列写明问题；改正后重报整个文件。",
    ]
    for i, line in enumerate(lines):
        sheet.write_string(i, 0, line)
    for j, name in enumerate(["列名", "说明", "填写", "是否必填", "可选值"]):
        sheet.write_string(4, j, name, bold)
    for i, column in enumerate(source.columns, 5):
        cells = [header_of(column), column.description, _kind(column), "必填" if column.required else "可空",
                 "、".join(choices(column))]  # fmt: skip
        for j, cell in enumerate(cells):
            sheet.write_string(i, j, cell)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 4, 24)


def register(app: typer.Typer) -> None:
    """Add `jianhu template`."""

    @app.command("template")
    def template(
        source: Annotated[str, typer.Argument(help="a register, e.g. forest (see: jianhu sources)")],
        out: Annotated[
            Path | None, typer.Option(help="the file to write; default <source>_<sender>_<period>.xlsx")
        ] = None,
        sender: Annotated[str, typer.Option(help="who will send it, e.g. 林业站")] = "",
        period: Annotated[str, typer.Option(help="what it is about: 2026, 2026-Q1 or 2026-01")] = "",
    ) -> None:
        """Make the Excel workbook with which an office sends a register (with notes, lists and an example)."""
        declared = get_source(source)
        name = "_".join(x for x in (source, sender, period) if x).replace("/", "-")
        made = make_template(declared, out or Path(f"{name}.xlsx"), sender=sender, period=period)
        typer.echo(f"{made}  (template version {template_version(declared)})")
