"""Print a declared export as a workbook: complete or refused, the same release gives the same bytes.

Invariant: no cell is computed here; every figure is a column of a released mart, and every row can be asked for again
by the identity printed in its last columns.
"""

from __future__ import annotations

import os
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from exports.period import fill_of, title_zh
from exports.spec import Export, SheetSpec
from extract.errors import UserError

# limits of the file format, not policy: beyond them Excel clips in silence, so the export is refused
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
RISKY = ("=", "+", "-", "@", "\t", "\r")
SETTLED = {"verified", "adopted"}
WARNING, REMARK = "#9C2A00", "#666666"  # colours of text
# the identity of a cell for `jianhu explain`: at the right edge of the sheet, not on paper
IDENTITY = {"indicator_code", "subject_id", "component_code", "period"}


class Book:
    """One workbook being written; formats are made once."""

    def __init__(
        self, path: Path, created: datetime, title: str, footer: str, labels: dict[str, dict[str, str]]
    ) -> None:
        self.book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
        self.book.set_properties({"title": title, "author": "鉴湖", "company": "", "created": created})
        self.footer = footer
        self.labels = labels
        self._formats: dict[tuple[Any, ...], Format] = {}

    def format(self, **props: Any) -> Format:
        key = tuple(sorted(props.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(
                {"font_name": "宋体", "font_size": 10, "valign": "vcenter", **props}
            )
        return self._formats[key]

    def sheet(self, title: str, note: str, note_color: str) -> Worksheet:
        """A new sheet with its title and, below it, its note."""
        sheet = self.book.add_worksheet(title)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, title, self.format(bold=True, font_size=14))
        sheet.write_string(1, 0, note, self.format(font_color=note_color))
        return sheet

    def put(self, sheet: Worksheet, row: int, col: int, value: Any, where: str, **props: Any) -> None:
        """One cell by the type of its value. Text that a spreadsheet might run as a formula is marked as text."""
        if value is None or value == "":
            sheet.write_blank(row, col, None, self.format(**props))
        elif isinstance(value, bool):
            sheet.write_string(row, col, "是" if value else "否", self.format(**props))
        elif isinstance(value, Decimal | int | float):
            sheet.write_number(row, col, float(value), self.format(**props))
        elif isinstance(value, datetime):
            sheet.write_datetime(row, col, value, self.format(**{"num_format": "yyyy-mm-dd hh:mm", **props}))
        elif isinstance(value, date):
            sheet.write_datetime(
                row,
                col,
                datetime(value.year, value.month, value.day),
                self.format(**{"num_format": "yyyy-mm-dd", **props}),
            )
        else:
            text = str(value)
            if len(text) > MAX_TEXT:
                raise UserError(
                    f"a text of {len(text)} characters does not fit a cell",
                    where=where,
                    rule="Excel: 32,767 characters",
                    todo="shorten the column in the mart; nothing was written",
                )
            if text.startswith(RISKY):
                props = {**props, **{"quote_prefix": True}}
            sheet.write_string(row, col, text, self.format(**props))


def _lines(value: Any, width: float) -> int:
    """Lines that a wrapped text takes in a column of that width (a Chinese character is as wide as two letters)."""
    if not isinstance(value, str):
        return 1
    per_line = max(width - 1, 1)
    return sum(
        max(1, -(-sum(2 if ord(ch) > 0x2E7F else 1 for ch in part) // int(per_line)))
        for part in value.split("\n")
    )


def _widths(sheet: Worksheet, spec: SheetSpec) -> None:
    for i, column in enumerate(spec.columns):
        sheet.set_column(i, i, column.width)


def _print_setup(
    book: Book, sheet: Worksheet, columns: int, header_row: int | None, pages_down: int = 0
) -> None:
    """Paper by the number of columns, fitted to one page's width; pages_down: 0 = as many as it takes."""
    sheet.set_paper(9 if columns <= 9 else 8)
    if columns > 6:
        sheet.set_landscape()
    sheet.fit_to_pages(1, pages_down)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    if header_row is not None:
        sheet.repeat_rows(header_row)
    sheet.set_footer(f"&L&8{book.footer}&R&8第 &P 页，共 &N 页")


def _charts(
    book: Book, table: Worksheet, spec: SheetSpec, rows: list[tuple[Any, ...]], first: int, note: str,
    drawn: list[tuple[bool, ...]],
) -> None:  # fmt: skip
    """The charts of a table on a sheet of their own, which is one page: below the table, a page's end would cut them.

    rows: those of the table, the first of them in its row `first`. drawn: for each row, whether each chart draws it.
    """
    sheet = book.sheet(f"{spec.title}图", note, WARNING)
    names = [c.name for c in spec.columns]
    at = 3
    for number, chart_spec in enumerate(spec.charts):
        here = [r for r, which in enumerate(drawn) if which[number]]
        if here and len(here) != here[-1] - here[0] + 1:
            raise UserError(
                f"the rows of chart {chart_spec.title!r} do not stand together in sheet {spec.title!r}",
                rule="a chart draws one block of rows",
                todo="order the sheet by what the chart's `where` asks for",
            )
        chart = book.book.add_chart({"type": chart_spec.type})
        cat = names.index(chart_spec.category)
        for value in chart_spec.values:
            col = names.index(value)
            if all(rows[r][col] is None for r in here):
                continue
            begin, end = first + here[0], first + here[-1]
            chart.add_series(
                {
                    "name": spec.columns[col].header,
                    "categories": [table.name, begin, cat, end, cat],
                    "values": [table.name, begin, col, end, col],
                    "gap": 60,
                }
            )
        if not chart.series:
            sheet.write_string(
                at, 0, f"{chart_spec.title}：本期无可绘数据", book.format(italic=True, font_color=REMARK)
            )
            at += 2
            continue
        chart.set_title({"name": chart_spec.title, "name_font": {"size": 11, "name": "宋体"}})
        legend: dict[str, Any] = {"none": True} if len(chart_spec.values) == 1 else {"position": "bottom"}
        chart.set_legend(legend)
        if chart_spec.type == "bar":
            # of a bar chart the category axis stands upright and is the library's y axis
            chart.set_y_axis({"interval_unit": 1, "reverse": True, "major_gridlines": {"visible": False}})
            chart.set_x_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
        elif chart_spec.type != "pie":
            chart.set_x_axis({"interval_unit": 1, "num_font": {"size": 8}})
            chart.set_y_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
        chart.set_size({"width": 1060, "height": 420})
        sheet.insert_chart(at, 0, chart, {"object_position": 2})
        at += 23
    _print_setup(book, sheet, 1, None, pages_down=1)
    sheet.print_area(0, 0, at - 1, 16)


def _sheet(
    book: Book, con: duckdb.DuckDBPyConnection, spec: SheetSpec, fill: dict[str, str], trial: str
) -> None:
    """Write one sheet: title, note, header, rows, totals, print set-up; then the sheet of its charts."""
    wanted = [c.name for c in spec.columns]
    columns = ", ".join([*(f'"{c}"' for c in wanted), *(f"coalesce({c.where}, false)" for c in spec.charts)])
    sql = f"select {columns} from {spec.mart} where {spec.where.format(**fill)} order by {spec.order_by}"
    try:
        rows = con.execute(sql).fetchall()
    except duckdb.Error as e:
        raise UserError(
            f"sheet {spec.title!r} cannot be read from the release",
            where=f"table {spec.mart}: {str(e).splitlines()[0]}",
            todo="build a release with this version of the models, then export again",
        ) from e
    if spec.expect_rows is not None and len(rows) != spec.expect_rows:
        raise UserError(
            f"sheet {spec.title!r} would be incomplete: {len(rows)} rows where {spec.expect_rows} are due",
            where=f"table {spec.mart}, period {fill['period']}",
            rule="an export is complete or refused",
            todo="choose a period that the release holds, or refresh",
        )
    drawn = [tuple(r[len(wanted) :]) for r in rows]
    rows = [r[: len(wanted)] for r in rows]
    words = [book.labels.get(c.name, {}) for c in spec.columns]
    rows = [tuple(words[i].get(v, v) if isinstance(v, str) else v for i, v in enumerate(r)) for r in rows]
    header_row = 2
    if len(rows) + header_row + 1 > MAX_ROWS:
        raise UserError(
            f"sheet {spec.title!r} has {len(rows)} rows",
            rule="Excel: 1,048,576 rows",
            todo="narrow the sheet; nothing was written",
        )
    sheet = book.sheet(
        spec.title, "；".join(x for x in (trial, spec.note) if x), WARNING if trial else REMARK
    )
    for i, column in enumerate(spec.columns):
        sheet.write_string(
            header_row,
            i,
            column.header,
            book.format(bold=True, bg_color="#DCE6F1", border=1, text_wrap=True, align="center"),
        )
    for r, row in enumerate(rows, start=header_row + 1):
        for c, column in enumerate(spec.columns):
            props: dict[str, Any] = {"border": 1}
            if column.format:
                props["num_format"] = column.format
            if isinstance(row[c], str):
                props["text_wrap"] = True
            book.put(sheet, r, c, row[c], f"sheet {spec.title}, row {r + 1}, column {column.header}", **props)
        lines = max(_lines(row[c], column.width) for c, column in enumerate(spec.columns))
        if lines > 1:
            sheet.set_row(r, min(13.5 * lines + 2, 400))
    bottom = header_row + 1
    if not rows:
        sheet.write_string(header_row + 1, 0, spec.empty_note, book.format(italic=True))
    else:
        sheet.autofilter(header_row, 0, header_row + len(rows), len(wanted) - 1)
        totals = [c for c in spec.columns if c.total]
        if totals:
            at = header_row + 1 + len(rows)
            sheet.write_string(at, 0, "合计", book.format(bold=True, border=1))
            for i, column in enumerate(spec.columns):
                if column.total and any(r[i] is not None for r in rows):
                    book.put(
                        sheet,
                        at,
                        i,
                        sum(r[i] for r in rows if r[i] is not None),
                        spec.title,
                        bold=True,
                        border=1,
                        **({"num_format": column.format} if column.format else {}),
                    )
        bottom = header_row + len(rows) + bool(totals)
    _widths(sheet, spec)
    sheet.set_row(header_row, 32)
    sheet.freeze_panes(header_row + 1, spec.freeze_columns)
    printed = len(wanted)
    while printed > 1 and wanted[printed - 1] in IDENTITY:
        printed -= 1
    _print_setup(book, sheet, printed, header_row)
    sheet.print_area(0, 0, bottom, printed - 1)
    if rows and spec.charts:
        _charts(book, sheet, spec, rows, header_row + 1, trial, drawn)


def _cover(book: Book, export: Export, facts: list[tuple[str, str]], trial: str) -> None:
    sheet = book.book.add_worksheet("封面")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 4)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, 2, 88)
    sheet.merge_range(2, 1, 2, 2, export.spec.title_zh, book.format(bold=True, font_size=22, align="center"))
    row = 4
    if trial:
        sheet.merge_range(
            row,
            1,
            row,
            2,
            trial,
            book.format(bold=True, font_size=12, font_color=WARNING, align="center", bg_color="#FDE9D9"),
        )
        row += 2
    for name, value in facts:
        sheet.write_string(row, 1, name, book.format(bold=True, border=1, bg_color="#F2F2F2"))
        book.put(sheet, row, 2, value, f"cover, {name}", border=1, text_wrap=True)
        sheet.set_row(row, max(16, 13.5 * _lines(value, 86) + 2))
        row += 1
    row += 1
    sheet.write_string(row, 1, "统计口径", book.format(bold=True, font_size=12))
    for i, line in enumerate(export.spec.scope_notes, start=1):
        row += 1
        sheet.write_string(row, 1, f"（{i}）", book.format(align="right", valign="top"))
        book.put(sheet, row, 2, line, "cover, scope", text_wrap=True)
        sheet.set_row(row, 14 * _lines(line, 86) + 2)
    row += 2
    for role in export.spec.sign_off:
        sheet.write_string(row, 1, f"{role}：", book.format(bold=True))
        sheet.write_string(row, 2, "____________________      日期：____________________", book.format())
        row += 2
    _print_setup(book, sheet, 3, None)


def write(
    export: Export, con: duckdb.DuckDBPyConnection, release: dict[str, Any], period: str, out: Path
) -> Path:
    """Write the workbook of one export for one period from one open release; returns its path.

    release: the parsed release.json (id, as_of, scheme_mode, warnings …). out: the folder. A copy that rests on unverified or
    illustrative rules is named and headed 试算. Raises UserError when a sheet would be incomplete or clipped.
    """
    as_of = datetime.fromisoformat(str(release["as_of"]))
    fill = fill_of(export.spec.period_type, period)
    statuses = _statuses(con, export, fill)
    unsettled = sorted(statuses - SETTLED)
    names = {"illustrative": "示意权重，非官方", "unverified": "含未核实的规则或参数"}
    trial = "试算件，仅供局内使用：" + "；".join(names.get(s, s) for s in unsettled) if unsettled else ""
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{export.name}_{period}{'_试算' if trial else ''}.xlsx"
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    footer = f"{export.spec.title_zh} {title_zh(period)} · 发布 {release['id']} · 截至 {as_of:%Y-%m-%d %H:%M}"
    book = Book(partial, as_of, export.spec.title_zh, footer, export.spec.labels)
    audience = {"leadership": "区领导（内部）", "bureau": "局内", "open": "公开"}[export.spec.audience]
    facts = [
        ("期间", title_zh(period)),
        ("发布编号", str(release["id"])),
        ("数据截至", f"{as_of:%Y-%m-%d %H:%M}（北京时间）"),
        (
            "方案状态",
            {
                "illustrative": "示意（illustrative）：示意权重，非官方",
                "official": "正式（official）：无正式权重者不评分",
            }.get(str(release.get("scheme_mode")), str(release.get("scheme_mode"))),
        ),
        ("发布对象", audience + ("；依据未全部核实，仅作试算件" if trial else "")),
        ("代码版本", str(release.get("code_commit", ""))),
        ("提示", "；".join(str(w) for w in release.get("warnings", [])) or "无"),
    ]
    try:
        _cover(book, export, facts, trial)
        for sheet in export.spec.sheets:
            _sheet(book, con, sheet, fill, trial if sheet.status_column else "")
        book.book.close()
        _fix_zip(partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _statuses(con: duckdb.DuckDBPyConnection, export: Export, fill: dict[str, str]) -> set[str]:
    found: set[str] = set()
    for sheet in export.spec.sheets:
        if sheet.status_column:
            try:
                rows = con.execute(
                    f"select distinct {sheet.status_column} from {sheet.mart} where {sheet.where.format(**fill)}"
                ).fetchall()
            except duckdb.Error:
                continue  # the sheet itself reports it
            found |= {str(r[0]) for r in rows if r[0] is not None}
    return found


def _fix_zip(path: Path) -> None:
    """Members of the archive in their order with one fixed date, so that equal content is equal bytes."""
    with zipfile.ZipFile(path) as source:
        members = [(info.filename, source.read(info)) for info in source.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as fixed:
        for name, data in members:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            fixed.writestr(info, data)
