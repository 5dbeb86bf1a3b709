"""Hourly workbooks as a monitoring platform exports them: title, two merged header rows, unit row, totals below.

The first exported outlet comes as old XLS, the others as XLSX; both hold the same layout.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xlsxwriter
import xlwt

from district.plan import District
from district.stack import GAS_FACTORS, OutletSeries

FACTOR_ZH = {"a34013": "颗粒物", "a21026": "二氧化硫", "a21002": "氮氧化物"}
FLAG_ZH = {"N": "正常", "F": "停运", "C": "校准", "M": "维护", "D": "故障"}
FIXED_DATE = datetime(2020, 1, 1)


def _rows(d: District, s: OutletSeries, first: int, last: int) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for n, h in enumerate(range(first, last)):
        if not s.present[h]:
            continue
        at = d.begin + timedelta(hours=h)
        # two ways of writing a time in one column, as different clerks set the cell format
        stamp = f"{at:%Y-%m-%d %H:%M}" if n % 97 else f"{at.year}.{at.month}.{at.day} {at.hour}:00"
        row: list[Any] = [
            s.outlet.company,
            f"{s.outlet.name}{s.outlet.code}",
            stamp,
            FLAG_ZH[str(s.flags[h])],
        ]
        for f in GAS_FACTORS[s.outlet.kind]:
            avg, zs = float(s.avg[f][h]), float(s.zs[f][h])
            if zs < 1.0 and s.flags[h] == "N":
                row += ["<1.0", "<1.0", 0.0]
            else:
                row += [avg, zs, round(avg * float(s.flow[h]) * 3600 / 1e6, 3)]
        rows.append(row)
    return rows


def _sheet(
    d: District, s: OutletSeries, month: str, first: int, last: int
) -> tuple[list[list[Any]], list[tuple[int, int, int, int]]]:
    """All rows of the sheet and the merged ranges (r1, c1, r2, c2)."""
    factors = GAS_FACTORS[s.outlet.kind]
    width = 4 + 3 * len(factors)
    top: list[Any] = ["企业名称", "排口名称", "数据时间", "数据标记"]
    under: list[Any] = [None] * 4
    units: list[Any] = [None] * 4
    merged = [(0, 0, 0, width - 1), *((2, c, 3, c) for c in range(4))]
    for k, f in enumerate(factors):
        top += [FACTOR_ZH[f], None, None]
        under += ["浓度", "折算浓度", "排放量"]
        units += ["mg/m³", "mg/m³", "kg"]
        merged.append((2, 4 + 3 * k, 2, 6 + 3 * k))
    body = _rows(d, s, first, last)
    numbers = np.array(
        [[v if isinstance(v, float) else 0.0 for v in r[4:]] for r in body] or [[0.0] * (width - 4)]
    )
    sheet = [
        [f"{s.outlet.company} {month} 自动监测小时数据（合成数据）", *[None] * (width - 1)],
        [f"导出范围：{month}；本表为合成数据，仅供演示", *[None] * (width - 1)],
        top, under, units, *body,
        ["平均值", None, None, None, *np.round(numbers.mean(axis=0), 3).tolist()],
        ["最大值", None, None, None, *np.round(numbers.max(axis=0), 3).tolist()],
        ["合计", None, None, None, *np.round(numbers.sum(axis=0), 3).tolist()],
    ]  # fmt: skip
    return sheet, merged


def _write_xlsx(
    path: Path, name: str, sheet: list[list[Any]], merged: list[tuple[int, int, int, int]]
) -> None:
    book = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False})
    book.set_properties({"created": FIXED_DATE, "comments": "合成数据"})
    page = book.add_worksheet(name)
    for r, row in enumerate(sheet):
        page.write_row(r, 0, row)
    bold = book.add_format({"bold": True})
    for r1, c1, r2, c2 in merged:
        page.merge_range(r1, c1, r2, c2, sheet[r1][c1], bold)
    book.close()


def _write_xls(
    path: Path, name: str, sheet: list[list[Any]], merged: list[tuple[int, int, int, int]]
) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(name)
    covered = {(r, c) for r1, c1, r2, c2 in merged for r in range(r1, r2 + 1) for c in range(c1, c2 + 1)}
    for r, row in enumerate(sheet):
        for c, value in enumerate(row):
            if value is not None and (r, c) not in covered:
                page.write(r, c, value)
    for r1, c1, r2, c2 in merged:
        page.write_merge(r1, r2, c1, c2, sheet[r1][c1])
    book.save(str(path))


def month_spans(d: District) -> list[tuple[str, int, int]]:
    """(yyyy-mm, first hour, last hour exclusive) of every month of the span."""
    spans: list[tuple[str, int, int]] = []
    for k in range(d.days):
        month = (d.first + timedelta(days=k)).strftime("%Y-%m")
        if spans and spans[-1][0] == month:
            spans[-1] = (month, spans[-1][1], k * 24 + 24)
        else:
            spans.append((month, k * 24, k * 24 + 24))
    return spans


def write_exports(d: District, all_series: list[OutletSeries], folder: Path) -> None:
    """One workbook per exported outlet and month: `<company number>DA001_<yyyy-mm>.xls|xlsx`."""
    folder.mkdir(parents=True, exist_ok=True)
    for n, s in enumerate(x for x in all_series if x.outlet.channel == "export"):
        write: Callable[..., None] = _write_xlsx if n else _write_xls
        for month, first, last in month_spans(d):
            sheet, merged = _sheet(d, s, month, first, last)
            path = folder / f"{s.outlet.site_code}{s.outlet.code}_{month}.{'xlsx' if n else 'xls'}"
            write(path, s.outlet.name, sheet, merged)
