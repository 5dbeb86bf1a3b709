"""The audit of a candidate: what blocks a release (faults of our own computing) and what is only told (findings).

Invariant: two severities, no third. Dirty data is a finding for its sender; a failed dbt test, a roll-forward of ours
that does not balance, a personal field in an open table or a broken leadership mart is critical.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import yaml

from extract.errors import UserError
from extract.home import REPO, Home
from warehouse import connect as reading
from warehouse import diff as differences
from warehouse import privacy
from warehouse.candidate import MEMORY_LIMIT, Candidate, PublishTable, write_json
from warehouse.faults import reach
from warehouse.hashing import TableHash, table_hash
from warehouse.raw import literal, quote

if TYPE_CHECKING:
    from warehouse.build import Options

EXIT_SUITES = REPO / "expectations"
Finding = dict[str, Any]


def open_candidate(candidate: Candidate, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that sees the candidate's databases read-only as `build` and `restricted`."""
    config: dict[str, Any] = {
        "memory_limit": memory_limit or MEMORY_LIMIT,
        "temp_directory": str(candidate.folder / "spill"),
    }
    con = duckdb.connect(config=config)
    con.execute(f"attach {literal(str(candidate.build_db))} as build (read_only)")
    con.execute(f"attach {literal(str(candidate.restricted_db))} as restricted (read_only)")
    return con


def audit_candidate(
    home: Home,
    candidate: Candidate,
    *,
    options: Options,
    progress: Callable[[str], None] | None = None,
    exit_suites: Path = EXIT_SUITES,
) -> dict[str, Any]:
    """Run every check; writes and returns audit.json: critical, findings, tables (hashes), diff, reconciliation."""
    tell = progress or (lambda _line: None)
    critical, findings = dbt_tests(candidate)
    tables = candidate.tables()
    with open_candidate(candidate, options.memory_limit) as con:
        tell(f"audit: hashes of {len(tables)} tables")
        hashes = {
            table_key(t): table_hash(con, t.relation, t.meta.get("clock_columns") or ()) for t in tables
        }
        names = {t.name: t for t in tables if t.database == "build"}
        reconciled = reconciliation(con, names)
        findings += [r["finding"] for r in reconciled if not r["is_within"]]
        critical += balance(con, names)
        findings += data_findings(con, names)
        tell("audit: privacy scan")
        planted = privacy.planted_identifiers(home)
        critical += privacy.scan(con, tables, candidate, options.declared(), planted)
        tell("audit: exit suites")
        bad, told = exit_checks(con, names, exit_suites)
        critical += bad
        findings += told
        changes = diff_to_current(home, con, hashes)
    report = {
        "release_id": candidate.release_id,
        "critical": critical,
        "findings": findings,
        "checks": {
            "dbt_tests": sum(r["unique_id"].startswith("test.") for r in candidate.results),
            "reconciled_figures": len(reconciled),
            "tables": len(tables),
            "planted_identifiers": len(planted),
        },
        "reconciliation": [{k: v for k, v in r.items() if k != "finding"} for r in reconciled],
        "tables": {name: h.as_json() for name, h in hashes.items()},
        "diff": changes,
    }
    write_json(candidate.folder / "audit.json", report)
    reach("audit.done")
    return report


def table_key(table: PublishTable) -> str:
    """How a table is called in release.json: restricted ones carry their database's name."""
    return table.name if table.database == "build" else f"restricted.{table.name}"


def dbt_tests(candidate: Candidate) -> tuple[list[Finding], list[Finding]]:
    """(critical, findings) of the data tests: error → critical, warn → finding; what was skipped is critical."""
    critical: list[Finding] = []
    findings: list[Finding] = []
    skipped: list[str] = []
    for r in candidate.results:
        status, kind = r["status"], r["unique_id"].split(".")[0]
        if status == "skipped" and kind != "test":
            skipped.append(r["unique_id"].split(".")[-1])
        if kind != "test" or status in ("pass", "skipped", "success"):
            continue
        node = candidate.manifest["nodes"].get(r["unique_id"], {})
        meta = node.get("config", {}).get("meta", {})
        name = node.get("name", r["unique_id"])
        table = str(node.get("attached_node") or "").split(".")[-1]
        what = node.get("description") or meta.get("message_zh") or name
        entry = {
            "check": "dbt_test",
            "test": name,
            "table": table,
            "count": int(r.get("failures") or 0),
            "message_en": f"test {name}"
            + (f" on {table}" if table else "")
            + f": {r.get('failures')} row(s)",
            "message_zh": f"{what}：{r.get('failures')} 行",
        }
        (findings if status == "warn" else critical).append(entry)
    if skipped:
        shown = ", ".join(sorted(skipped)[:8]) + (" …" if len(skipped) > 8 else "")
        critical.append(
            {
                "check": "not_built",
                "count": len(skipped),
                "message_en": f"{len(skipped)} model(s) were not built because a test before them failed: {shown}",
                "message_zh": f"{len(skipped)} 个模型因其上游检查未通过而没有构建：{shown}",
            }
        )
    return critical, findings


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    return {d[0] for d in con.execute(f"describe select * from {relation}").fetchall()}


def reconciliation(con: duckdb.DuckDBPyConnection, names: dict[str, PublishTable]) -> list[dict[str, Any]]:
    """Our figures beside published ones (fct_reconciliation); none is blocking: a published figure may rest on other
    points or another maturity. Figures that we do not compute are left out."""
    if "fct_reconciliation" not in names:
        return []
    rows = con.execute(
        "select figure_id, area_name_zh, indicator_code, period, published_value, tolerance, value, source_note, "
        f"is_within from {names['fct_reconciliation'].relation} where is_within is not null order by figure_id"
    ).fetchall()
    out = []
    for figure, area, indicator, period, published, tolerance, ours, note, within in rows:
        text = f"{area} {indicator} {period}"
        out.append(
            {
                "figure_id": figure,
                "published": str(published),
                "ours": str(ours),
                "tolerance": str(tolerance),
                "is_within": bool(within),
                "source": note,
                "finding": {
                    "check": "reconciliation",
                    "table": "fct_reconciliation",
                    "count": 1,
                    "message_en": f"{text}: ours {ours}, published {published} (tolerance {tolerance})",
                    "message_zh": f"{text}：本库 {ours}，公布 {published}（允差 {tolerance}）",
                },
            }
        )
    return out


def balance(con: duckdb.DuckDBPyConnection, names: dict[str, PublishTable]) -> list[Finding]:
    """Roll-forwards of our own that do not balance: models with `meta.balance: [opening, in, out, closing]` must give
    opening + in - out = closing in each row; the district's additive indicators must equal the sum of towns."""
    out: list[Finding] = []
    for table in names.values():
        terms = table.meta.get("balance")
        if not terms:
            continue
        opening, plus, minus, closing = (quote(t) for t in terms)
        row = con.execute(
            f"select count(*) from {table.relation} where {opening} + {plus} - {minus} is distinct from {closing}"
        ).fetchone()
        if row and row[0]:
            out.append(
                _balance(table.name, int(row[0]), "opening + in - out is not closing", "期初＋增－减≠期末")
            )
    needed = {"fct_indicator_value", "dim_indicator", "dim_area"}
    if needed <= set(names) and "is_additive" in _columns(con, names["dim_indicator"].relation):
        relation = {n: names[n].relation for n in needed}
        row = con.execute(
            f"""
            with v as (
                select v.*, a.area_type from {relation["fct_indicator_value"]} v
                join {relation["dim_indicator"]} i using (indicator_code)
                join (select distinct area_code, area_type from {relation["dim_area"]}) a on a.area_code = v.subject_id
                where v.subject_type = 'area' and cast(i.is_additive as boolean)
            ),
            towns as (
                select indicator_code, period_type, period, basis, sum(value) as value from v
                where area_type in ('town') group by 1, 2, 3, 4
            )
            select count(*) from v as d join towns t using (indicator_code, period_type, period, basis)
            where d.area_type = 'district' and d.value is not null and t.value is not null and d.value < t.value
            """
        ).fetchone()
        if row and row[0]:
            out.append(
                _balance(
                    "fct_indicator_value",
                    int(row[0]),
                    "towns add up to more than the district",
                    "镇街之和大于全区",
                )
            )
    return out


def _balance(table: str, count: int, what_en: str, what_zh: str) -> Finding:
    return {
        "check": "balance",
        "table": table,
        "count": count,
        "message_en": f"{table}: {what_en} in {count} row(s)",
        "message_zh": f"{table}：{what_zh}（{count} 行）",
    }


def data_findings(con: duckdb.DuckDBPyConnection, names: dict[str, PublishTable]) -> list[Finding]:
    """What the models found in the data (tables `fct_…_finding`), counted by kind and source, for the senders."""
    out: list[Finding] = []
    for name, table in sorted(names.items()):
        if not (name.startswith("fct_") and name.endswith("_finding")):
            continue
        have = _columns(con, table.relation)
        if "finding_kind" not in have:
            continue
        source = "source" if "source" in have else "cast(null as varchar)"
        message = "min(message_zh)" if "message_zh" in have else "cast(null as varchar)"
        for kind, sender, count, example in con.execute(
            f"select finding_kind, {source}, count(*), {message} from {table.relation} group by 1, 2 order by 1, 2"
        ).fetchall():
            out.append(
                {
                    "check": kind,
                    "table": name,
                    "source": sender,
                    "count": int(count),
                    "message_en": f"{name}: {kind} in {count} row(s) of {sender}",
                    "message_zh": example or kind,
                }
            )
    return out


def exit_checks(
    con: duckdb.DuckDBPyConnection, names: dict[str, PublishTable], folder: Path
) -> tuple[list[Finding], list[Finding]]:
    """(critical, findings) of expectations/exit_<mart>.yml: severity `refuse` blocks, `reject` is told."""
    suites = [(p, p.stem.removeprefix("exit_")) for p in sorted(folder.glob("exit_*.yml"))]
    wanted = [(p, mart) for p, mart in suites if mart in names]
    if not wanted:
        return [], []
    from expectations import gate

    critical: list[Finding] = []
    findings: list[Finding] = []
    for path, mart in wanted:
        try:
            suite = gate.Suite(**yaml.safe_load(path.read_text("utf-8")))
        except (TypeError, ValueError, yaml.YAMLError) as e:
            raise UserError(
                "an exit suite is not valid", where=f"file {path.name}: {e}", todo="correct it"
            ) from e
        columns = sorted({e.column for e in suite.expectations})
        missing = [c for c in columns if c not in _columns(con, names[mart].relation)]
        if missing:
            critical.append(_exit(mart, "columns", 1, f"column(s) {', '.join(missing)} are missing", "缺列"))
            continue
        frame = con.execute(
            f"select {', '.join(map(quote, columns))}, cast(row_number() over () as bigint) - 1 as {gate.POSITION} "
            f"from {names[mart].relation}"
        ).df()
        broken = gate.validate(suite.expectations, frame)
        for rule in suite.expectations:
            if broken.get(rule.id):
                entry = _exit(mart, rule.id, len(broken[rule.id]), rule.reason_en, rule.reason_zh)
                (critical if rule.severity == "refuse" else findings).append(entry)
    return critical, findings


def _exit(mart: str, rule: str, count: int, what_en: str, what_zh: str) -> Finding:
    return {
        "check": "exit_suite",
        "table": mart,
        "rule": rule,
        "count": count,
        "message_en": f"{mart}, {rule}: {what_en} ({count} row(s))",
        "message_zh": f"{mart}：{what_zh}（{count} 行）",
    }


def diff_to_current(
    home: Home, con: duckdb.DuckDBPyConnection, hashes: dict[str, TableHash]
) -> dict[str, Any]:
    """diff.json of the candidate against the current release; `before` is null for the first one."""
    after = {name: h.as_json() for name, h in hashes.items()}
    try:
        folder = reading.current_folder(home)
    except reading.NoRelease:
        return {"before": None, **differences.diff_tables({}, after), "cells": {}}
    before = reading.read_release(folder)
    con.execute(f"attach {literal(str(folder / reading.DB_NAME))} as prev (read_only)")
    try:
        cells = differences.diff_cells(con, "prev.main", "build.main")
    finally:
        con.execute("detach prev")
    return {"before": before["id"], **differences.diff_tables(before["tables"], after), "cells": cells}
