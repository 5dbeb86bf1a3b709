"""quality.json and quality.html: what a reader must know before trusting a release.

Invariant: the page is one file that opens offline; every figure on it stands in quality.json too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extract.source import Source
from warehouse.candidate import Candidate, PublishTable
from warehouse.privacy import personal_columns
from warehouse.raw import literal

TEMPLATE = Path(__file__).with_name("templates") / "quality.html"


def freshness(sources: Mapping[str, Source], loads: list[dict[str, Any]], as_of: str) -> list[dict[str, Any]]:
    """One entry per source: loads, rows, last arrival, last window, and whether it is stale at as_of.

    A source is stale when its newest load is older than the declared freshness_hours. Loads that arrived after
    as_of (backfill, replay) are dated by the end of their window, as far as they have one.
    """
    now = datetime.fromisoformat(as_of)
    by_source: dict[str, list[dict[str, Any]]] = {}
    for load in loads:
        by_source.setdefault(load["source"], []).append(load)
    out = []
    for name, source in sources.items():
        mine = by_source.get(name, [])
        arrived = max((str(x["arrived_at"])[:19] for x in mine if x.get("arrived_at")), default=None)
        window = max((str(x["window_end"])[:10] for x in mine if x.get("window_end")), default=None)
        newest: datetime | None = None
        for load in mine:
            at = datetime.fromisoformat(str(load["arrived_at"])[:19]) if load.get("arrived_at") else now
            if at > now and load.get("window_end"):
                at = datetime.fromisoformat(str(load["window_end"])[:10])
            newest = max(newest or at, min(at, now))
        # what arrived after as_of is as fresh as can be, not fresher
        age = None if newest is None else max(0, int((now - newest) / timedelta(hours=1)))
        if not mine:
            state = "optional_absent" if source.optional else "absent"
        else:
            state = "stale" if age is not None and age > source.freshness_hours else "fresh"
        out.append(
            {
                "source": name,
                "name_zh": source.name_zh,
                "provider": source.provider,
                "owner": source.owner,
                "schedule": source.schedule,
                "freshness_hours": source.freshness_hours,
                "loads": len(mine),
                "records_in": _sum(mine, "records_in"),
                "rows_in": _sum(mine, "rows_in"),
                "rows_loaded": _sum(mine, "rows_loaded"),
                "rows_rejected": _sum(mine, "rows_rejected"),
                "is_conserved": all(
                    (x["rows_in"] or 0) == (x["rows_loaded"] or 0) + (x["rows_rejected"] or 0) for x in mine
                ),
                "last_arrival": arrived,
                "last_window_end": window,
                "age_hours": age,
                "state": state,
            }
        )
    return out


def _sum(loads: list[dict[str, Any]], key: str) -> int:
    return sum(int(x.get(key) or 0) for x in loads)


def rejects(loads: list[dict[str, Any]], sources: Mapping[str, Source]) -> list[dict[str, Any]]:
    """Rejected rows of the loads of this build by source and check, with one reason as told to the sender.

    A reason may repeat the value that broke the rule, so none is shown for a personal column.
    """
    personal = personal_columns(sources)
    counted: dict[tuple[str, str], dict[str, Any]] = {}
    files: dict[str, list[str]] = {}
    for load in loads:
        file = Path(str(load["path"])) / "rejected.parquet"
        if (load.get("rows_rejected") or 0) and file.exists():
            files.setdefault(load["source"], []).append(str(file))
    with duckdb.connect() as con:
        for source, paths in sorted(files.items()):
            listed = ", ".join(literal(p) for p in paths)
            hidden = ", ".join(literal(c) for c in sorted(personal.get(source, set())))
            shown = f"case when {f'coalesce(column_name, {literal(str())}) not in ({hidden})' if hidden else 'true'} then reason"
            for check, count, zh, en in con.execute(
                f"select check_id, count(*), min({shown}_zh end), min({shown}_en end) "
                f"from read_parquet([{listed}], union_by_name=true) group by 1 order by 1"
            ).fetchall():
                counted[(source, check)] = {
                    "source": source,
                    "check": check,
                    "count": int(count),
                    "reason_zh": zh or "（涉及个人信息，见该装载的拒收文件）",
                    "reason_en": en or "(a personal field: see the load's rejected rows)",
                }
    return [counted[k] for k in sorted(counted)]


def unverified_rules(
    con: duckdb.DuckDBPyConnection, tables: list[PublishTable], candidate: Candidate
) -> list[dict[str, Any]]:
    """Seeds with a `status` column: rows that are not verified, by table and status."""
    seeds = {n["name"] for n in candidate.manifest["nodes"].values() if n["resource_type"] == "seed"}
    out = []
    for table in tables:
        if table.name not in seeds:
            continue
        columns = {d[0] for d in con.execute(f"describe select * from {table.relation}").fetchall()}
        if "status" not in columns:
            continue
        for status, count in con.execute(
            f"select coalesce(cast(status as varchar), 'missing'), count(*) from {table.relation} "
            "where status is distinct from 'verified' and status is distinct from 'adopted' group by 1 order by 1"
        ).fetchall():
            out.append(
                {
                    "table": table.name,
                    "title_zh": table.description[:60],
                    "status": status,
                    "count": int(count),
                }
            )
    return out


def withheld(con: duckdb.DuckDBPyConnection, tables: list[PublishTable]) -> list[dict[str, Any]]:
    """What is not given, and why: scores with a reason for withholding, indicators that are missing."""
    names = {t.name: t for t in tables if t.database == "build"}
    out: list[dict[str, Any]] = []
    if "fct_index_score" in names:
        for index, reason, count, first, last in con.execute(
            "select index_code, withheld_reason_zh, count(*), min(period), max(period) "
            f"from {names['fct_index_score'].relation} where withheld_reason_zh is not null "
            "group by 1, 2 order by 1, 3 desc, 2"
        ).fetchall():
            out.append(_withheld("score", index, reason, count, first, last))
    if "fct_indicator_value" in names:
        for code, reason, count, first, last in con.execute(
            "select indicator_code, coalesce(reason_zh, '缺数'), count(*), min(period), max(period) "
            f"from {names['fct_indicator_value'].relation} where applicability = 'missing' "
            "group by 1, 2 order by 1, 3 desc, 2"
        ).fetchall():
            out.append(_withheld("indicator", code, reason, count, first, last))
    return out


def _withheld(kind: str, code: str, reason: str, count: int, first: str, last: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "code": code,
        "reason_zh": reason,
        "count": int(count),
        "first_period": first,
        "last_period": last,
    }


def collect(
    con: duckdb.DuckDBPyConnection,
    candidate: Candidate,
    audit: Mapping[str, Any],
    sources: Mapping[str, Source],
) -> dict[str, Any]:
    """The body of quality.json. con sees the candidate's databases as `build` and `restricted`."""
    tables = candidate.tables()
    info = candidate.info
    fresh = freshness(sources, info["loads"], info["as_of"])
    body = {
        "release_id": candidate.release_id,
        "as_of": info["as_of"],
        "scheme_mode": info["scheme_mode"],
        "code_commit": info["code_commit"],
        "critical": audit["critical"],
        "findings": audit["findings"],
        "checks": audit["checks"],
        "reconciliation": audit["reconciliation"],
        "sources": fresh,
        "rejects": rejects(info["loads"], sources),
        "unverified": unverified_rules(con, tables, candidate),
        "withheld": withheld(con, tables),
        "hash_key_set": bool(info.get("hash_key_fingerprint")),
    }
    body["warnings"] = warnings(body)
    return body


def warnings(body: Mapping[str, Any]) -> list[str]:
    """The few sentences that stand beside the release wherever it is shown."""
    out = []
    if body["scheme_mode"] == "illustrative":
        out.append("示意权重，非官方：镇街评价按示意方案试算")
    stale = [s["name_zh"] for s in body["sources"] if s["state"] == "stale"]
    absent = [s["name_zh"] for s in body["sources"] if s["state"] == "absent"]
    if stale:
        out.append("数据过期的来源：" + "、".join(stale))
    if absent:
        out.append("没有装载的来源：" + "、".join(absent))
    rejected = sum(s["rows_rejected"] for s in body["sources"])
    if rejected:
        out.append(f"拒收 {rejected} 行，原因见 quality.html")
    if body["findings"]:
        out.append(f"数据问题 {len(body['findings'])} 项，见 quality.html")
    if body["unverified"]:
        out.append(f"未核实的规则或参数 {sum(u['count'] for u in body['unverified'])} 条")
    if not body["hash_key_set"]:
        out.append("未设置 JIANHU_HASH_KEY：公开表中的个人标识散列为空")
    return out


def render(body: Mapping[str, Any], diff: Mapping[str, Any]) -> str:
    """The offline page."""
    import jinja2

    env = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return env.from_string(TEMPLATE.read_text("utf-8")).render(q=body, d=diff, states=_STATES)


_STATES = {"fresh": "正常", "stale": "过期", "absent": "无装载", "optional_absent": "未接入（可选）"}
