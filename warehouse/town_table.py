"""The terminal table of the 16 towns, read from `rpt_town_assessment` of the current release."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from extract.errors import UserError
from extract.home import Home
from warehouse import connect as reading

MART = "rpt_town_assessment"
_COLUMNS = (
    "town_name_zh", "subject_id", "group_name_zh", "group_code", "score", "rank_in_group", "good_air_days",
    "water_class_1_3_pct", "complaint_in_time_pct", "permit_report_on_time_pct", "status", "label_zh", "note_zh",
)  # fmt: skip


def read(home: Home, period: str | None = None) -> dict[str, Any]:
    """release id, as_of, period, warnings and one dict per town. period: default the last year that has ended at
    as_of, else the newest period. Raises UserError when the mart or the period is not part of the release."""
    release = reading.current_release(home)
    with reading.connect(home, release_id=release["id"]) as con:
        tables = {r[0] for r in con.execute("select table_name from duckdb_tables()").fetchall()}
        if MART not in tables:
            raise UserError(
                "the release has no town assessment",
                where=f"release {release['id']}",
                todo="see `jianhu query`",
            )
        have = {d[0] for d in con.execute(f"describe {MART}").fetchall()}
        periods = con.execute(
            f"select period_type, period, count(score) + count(good_air_days) from {MART} group by 1, 2 "
            "order by case period_type when 'year' then 0 when 'quarter' then 1 else 2 end, 2 desc"
        ).fetchall()
        chosen = period or _default(periods, str(release["as_of"]))
        if chosen not in {p for _, p, _ in periods}:
            raise UserError(
                f"the release has no period {chosen!r}",
                where=f"release {release['id']}",
                todo="choose one of: " + ", ".join(p for _, p, _ in periods[:12]),
            )
        columns = [c for c in _COLUMNS if c in have]
        rows = con.execute(
            f"select {', '.join(columns)} from {MART} where period = ? order by subject_id", [chosen]
        ).fetchall()
    return {
        "release": release["id"],
        "as_of": release["as_of"],
        "scheme_mode": release["scheme_mode"],
        "period": chosen,
        "warnings": release["warnings"],
        "towns": [dict(zip(columns, r, strict=True)) for r in rows],
    }


def _default(periods: list[tuple[str, str, int]], as_of: str) -> str:
    """The last ended year that has figures, else the newest period of the longest kind that has, else the newest."""
    if not periods:
        raise UserError("the town assessment is empty", todo="extract and refresh first")
    filled = [(kind, p) for kind, p, values in periods if values]
    ended = [p for kind, p in filled if kind == "year" and p < as_of[:4]]
    return (ended or [p for _, p in filled] or [p for _, p, _ in periods])[0]


def show(home: Home, period: str | None = None) -> None:
    """Print the table with release id and warnings."""
    from rich.console import Console
    from rich.table import Table

    body = read(home, period)
    labels = sorted({t.get("label_zh") or "" for t in body["towns"]} - {""})
    title = f"镇街评价 {body['period']}  发布 {body['release']}  截至 {body['as_of']}"
    table = Table(title=title + "".join(f"\n{x}" for x in labels), title_justify="left", header_style="bold")
    for name in ("镇街", "分组"):
        table.add_column(name, no_wrap=True)
    for name in ("得分", "排名", "优良天数", "水质Ⅰ–Ⅲ %", "信访按时 %", "执行报告按时 %"):
        table.add_column(name, justify="right", no_wrap=True)
    for t in body["towns"]:
        table.add_row(
            str(t.get("town_name_zh") or t["subject_id"]),
            str(t.get("group_name_zh") or t.get("group_code") or ""),
            number(t.get("score"), 2),
            number(t.get("rank_in_group"), 0),
            number(t.get("good_air_days"), 0),
            number(t.get("water_class_1_3_pct"), 1),
            number(t.get("complaint_in_time_pct"), 1),
            number(t.get("permit_report_on_time_pct"), 1),
        )
    out = Console()
    out.width = max(out.width, 100)  # a narrow terminal folds lines; a cut figure would mislead
    out.print(table)
    for line in body["warnings"]:
        out.print(f"! {line}", markup=False, highlight=False)


def number(value: Any, places: int) -> str:
    """A number for the eye; an absent one is a dash."""
    return "—" if value is None else f"{Decimal(value):.{places}f}"
