"""Why a number is what it is: from a value down its declared evidence to the payload record, recomputed on the way.

Invariant: a value is recomputed by the model's own SQL. Of the parents that a model declares as evidence it reads
nothing but the rows shown; every other relation it names (rules, dimensions) it reads from the release.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import duckdb

from extract.errors import UsageError, UserError
from extract.home import Home
from warehouse.explain_step import Step
from warehouse.lineage import ANY, NO_RIGHT, Landing, NotPossibleError

MAX_DEPTH = 20
_HELD = "held against the whole release"
WHOLE = f"agrees (no rows stand behind it: {_HELD})"


class Explainer:
    """Explains cells of one release (a folder), reading landing of `home` where the caller may."""

    def __init__(self, home: Home, release_dir: Path) -> None:
        path = release_dir / "evidence.json"
        if not path.exists():
            raise UserError(
                "this release keeps no evidence", where=str(release_dir), todo="refresh, then ask again"
            )
        self.home = home
        self.models: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
        self.con = duckdb.connect()
        self.con.execute(f"attach '{release_dir / 'warehouse.duckdb'}' as build (read_only)")
        self.con.execute("set timezone = 'Asia/Shanghai'")
        self.tables = {
            r[0]
            for r in self.con.execute(
                "select table_name from duckdb_tables() where database_name = 'build'"
            ).fetchall()
        }
        self.landing = Landing(home, self.con, self.models, self.tables)
        self._count = 0
        self._seen: dict[tuple[str, str], Step] = {}

    # -- where to begin ---------------------------------------------------------------------------------------------

    def start(self, indicator: str, subject: str, period: str, basis: str | None = None) -> Step:
        """The step of one cell: an indicator's value, an index with all its components, or a row of a report.

        basis: None takes `default`, or every basis where there is no such one. period: `-` where a report has none.
        UsageError if there is no such cell.
        """
        key = [indicator, subject, period]
        bases = self._listed("fct_indicator_value", "basis", key)
        if bases and (basis is None or basis in bases):
            chosen = basis or ("default" if "default" in bases else "")
            only = [" and basis = ?", [chosen]] if chosen else ["", []]
            where = f"indicator_code = ? and subject_id = ? and period = ?{only[0]}"
            return self._begin("fct_indicator_value", where, [*key, *only[1]])
        if bases:
            raise UsageError(
                f"the release holds no {indicator} of {subject} for {period} on the basis {basis}",
                todo=f"bases of this cell (--basis): {', '.join(bases)}",
            )
        if self._listed("fct_index_score", "component_code", key, "index_code"):
            return self._begin("fct_index_score", "index_code = ? and subject_id = ? and period = ?", key)
        for report in self._reports():
            where = "indicator_code = ? and subject_id = ? and coalesce(period, '-') = ?"
            values = list(key)
            if basis and "basis" in self._columns(report):
                where, values = where + " and basis = ?", [*key, basis]
            found = self.con.execute(f"select count(*) from build.{report} where {where}", values).fetchone()
            if found and found[0]:
                return self._begin(report, where, values)
        raise self._nothing(indicator, subject, period)

    def _columns(self, table: str) -> list[str]:
        return [d[0] for d in self.con.execute(f'select * from build."{table}" limit 0').description or []]

    def _reports(self) -> list[str]:
        """Reports whose rows say which cell they are."""
        named = sorted(t for t in self.tables if t.startswith("rpt_") or t == "fct_reconciliation")
        return [t for t in named if {"indicator_code", "subject_id", "period"} <= set(self._columns(t))]

    def _listed(self, fact: str, column: str, key: list[str], code: str = "indicator_code") -> list[str]:
        if fact not in self.tables:
            return []
        query = f"select distinct {column} from build.{fact} where {code} = ? and subject_id = ? and period = ? order by 1"
        return [str(r[0]) for r in self.con.execute(query, key).fetchall()]

    def subject(self, name: str) -> str:
        """The code of a subject: a Chinese name of an area in force is turned into its code, anything else is kept."""
        if "dim_area" not in self.tables:
            return name
        found = self.con.execute(
            "select area_code from build.dim_area where name_zh = ? order by valid_from desc nulls last limit 1",
            [name],
        ).fetchone()
        return str(found[0]) if found else name

    def _nothing(self, indicator: str, subject: str, period: str) -> UsageError:
        """What there is instead: other periods, other subjects, or where the codes are listed."""
        facts = [("fct_indicator_value", "indicator_code"), ("fct_index_score", "index_code")]
        facts += [(t, "indicator_code") for t in self._reports()]
        hints: tuple[tuple[str, str, list[str], str], ...] = (
            ("period", "and subject_id = ?", [subject], "periods of this subject"),
            ("subject_id", "and period = ?", [period], "subjects of this period"),
            ("period", "", [], "periods"),
        )
        for column, condition, values, told in hints:
            for fact, code in facts:
                if fact not in self.tables:
                    continue
                query = f"select distinct {column} from build.{fact} where {code} = ? {condition} order by 1"
                found = [str(r[0]) for r in self.con.execute(query, [indicator, *values]).fetchall()]
                if found:
                    return UsageError(
                        f"the release holds no {indicator} of {subject} for {period}",
                        todo=f"{told}: {', '.join(found[-16:])}",
                    )
        return UsageError(
            f"the release knows no indicator or index {indicator!r}",
            todo='list the codes with: jianhu query "select indicator_code, name_zh from dim_indicator"; '
            "indexes: town_green_assessment, fiscal_items, provincial_green_index",
        )

    def _begin(self, model: str, where: str, values: list[Any]) -> Step:
        return self._step(
            model, *self._shown(model, f'select * from build."{model}" where {where}', values), 0
        )

    # -- rows -------------------------------------------------------------------------------------------------------

    def _shown(
        self, model: str, query: str, values: list[Any] | None = None
    ) -> tuple[str, list[str], list[tuple[Any, ...]]]:
        """Keep the rows of a query in a temporary table; returns its name, its columns and its rows in order of grain."""
        self._count += 1
        table = f"shown_{self._count}"
        self.con.execute(f"create temp table {table} as {query}", values or [])
        columns = [d[0] for d in self.con.execute(f"select * from {table} limit 0").description or []]
        order = (
            ", ".join(f'"{c}"' for c in self.models.get(model, {}).get("grain", []) if c in columns) or "all"
        )
        return table, columns, self.con.execute(f"select * from {table} order by {order}").fetchall()

    def _step(
        self, model: str, table: str, columns: list[str], rows: list[tuple[Any, ...]], depth: int
    ) -> Step:
        spec = self.models.get(model, {})
        step = Step(
            model, spec.get("title_zh", ""), columns, rows, table, is_open=not model.startswith("stg_")
        )
        step.labels = {c: re.split("[，、：:；（(]", d)[0] for c, d in spec.get("columns", {}).items() if d}
        if "indicator_code" in columns and "dim_indicator" in self.tables:
            found = self.con.execute(
                "select indicator_code, '（' || name_zh || coalesce('，' || unit_symbol, '') || '）' from build.dim_indicator"
            )
            step.names = dict(found.fetchall())
        if "scheme_version" in columns and "scheme" in self.tables:
            query = f"select distinct label_zh from build.scheme where scheme_version in (select scheme_version from {table})"
            step.label_zh = "；".join(str(r[0]) for r in self.con.execute(query).fetchall() if r[0])
        known = (model, hashlib.sha256(repr(rows).encode()).hexdigest())
        before = self._seen.get(known)
        if before is not None:
            step.recomputed, step.below, step.same_as_above = before.recomputed, before.below, True
            return step
        self._seen[known] = step
        links = spec.get("evidence", []) if depth < MAX_DEPTH else []
        step.below = [c for c in (self._behind(step, link, depth) for link in links) if c is not None]
        step.recomputed = self._recompute(step, spec)
        step.clauses = self._clauses(step, spec)
        traced = any("_load_id" in c.columns and c.rows for c in step.below)
        if "_load_id" in columns and not traced:
            step.records = self._records(columns, rows)
        if not step.records and not any(c.rows or c.recomputed for c in step.below):
            step.ends_zh = self._why_it_ends(step)
        return step

    def _behind(self, step: Step, link: dict[str, Any], depth: int) -> Step | None:
        """Rows of the parent that any of the step's rows declares, each once."""
        parent = link["parent"]
        keys = list(link["on"].items())
        relation = f'build."{parent}"'
        if parent not in self.tables:
            try:
                found = self._unreleased(step, parent, keys)
            except (NotPossibleError, PermissionError) as e:
                reason = NO_RIGHT if isinstance(e, PermissionError) else str(e)
                return Step(parent, link.get("label_zh", ""), [], [], "", f"not possible: {reason}")
            if found is None:
                return None
            relation = found
        expressions = ", ".join(f"({expression}) as k{i}" for i, (_, expression) in enumerate(keys))
        condition = " and ".join(_condition(column, f"k.k{i}") for i, (column, _) in enumerate(keys))
        only = f" where {link['when']}" if link.get("when") else ""
        try:
            table, columns, rows = self._shown(
                parent,
                f"select distinct p.* from {relation} p "
                f"join (select distinct {expressions} from {step.table} r{only}) k on {condition}",
            )
        except duckdb.Error as e:
            raise UserError(
                f"the evidence of {step.model} cannot be followed to {parent}", where=str(e).splitlines()[0],
                todo="correct config.meta.evidence of the model",
            ) from e  # fmt: skip
        if not rows:
            return None
        child = self._step(parent, table, columns, rows, depth + 1)
        child.title_zh = link.get("label_zh") or child.title_zh
        return child

    def _unreleased(self, step: Step, parent: str, keys: list[tuple[str, str]]) -> str | None:
        """A parent that is not released, made again from landing; None when none of the rows came through it."""
        if parent not in self.models:
            raise NotPossibleError(f"{parent} is not part of the release")
        if not any(column.strip() == "_load_id" for column, _ in keys):
            return self.landing.relation(parent, None)
        at = step.columns.index("_load_id")
        loads = self.landing.loads_of_model(parent, {r[at] for r in step.rows if r[at]})
        return self.landing.relation(parent, loads) if loads else None

    def _why_it_ends(self, step: Step) -> str:
        for column in ("withheld_reason_zh", "reason_zh", "note_zh"):
            if column in step.columns:
                at = step.columns.index(column)
                reasons = list(dict.fromkeys(str(r[at]) for r in step.rows if r[at]))
                if reasons:
                    return "；".join(reasons[:5])
        return "没有下级记录" if self.models.get(step.model, {}).get("evidence") else ""

    def _clauses(self, step: Step, spec: dict[str, Any]) -> list[dict[str, Any]]:
        """The clauses behind the rows: their own clause_id, the model's `meta.clause`, or their indicator's."""
        if not {"dim_clause", "dim_indicator"} <= self.tables or step.model.startswith(
            ("fct_index", "fct_indic")
        ):
            return []
        if spec.get("clause"):
            expression = spec["clause"]
        elif "clause_id" in step.columns:
            expression = "r.clause_id"
        elif "indicator_code" in step.columns:
            expression = (
                "(select i.clause_id from build.dim_indicator i where i.indicator_code = r.indicator_code)"
            )
        else:
            return []
        found = self.con.execute(
            "select clause_id, standard_no, clause, title_zh, cast(valid_from as varchar), cast(repealed_on as varchar), "
            f"status from build.dim_clause where clause_id in (select distinct {expression} from {step.table} r) order by 1"
        )
        names = ("clause_id", "standard_no", "clause", "title_zh", "valid_from", "repealed_on", "status")
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    # -- recompute --------------------------------------------------------------------------------------------------

    def _recompute(self, step: Step, spec: dict[str, Any]) -> str:
        """Run the model's own SQL (or its `meta.recompute`) over the rows shown, and compare whole rows.

        Rows without any row behind them (nothing was sent, nothing applies) are held against the whole release.
        """
        if not (spec.get("recompute") or spec.get("sql")) or not spec.get("evidence"):
            return ""
        barred = next((c.recomputed for c in step.below if not c.table), "")
        if barred:
            return barred
        try:
            bare = self._bare(step, spec)
            rest = (
                f"(select * from {step.table} where rowid not in (select rid from {bare}))"
                if bare
                else step.table
            )
            count = self._count_of(bare) if bare else 0
            differing = self._differing(step, spec, rest, False) if count < len(step.rows) else []
            differing += self._differing(step, spec, f"(select * from {bare})", True) if count else []
        except NotPossibleError as e:
            return f"not possible: {e}"
        except duckdb.Error as e:
            return f"not possible: {str(e).splitlines()[0]}"
        if differing:
            told = "; ".join(", ".join(f"{k}={v}" for k, v in row.items()) for row in differing[:5])
            return f"differs ({len(differing)} of {len(step.rows)} rows): {told}"
        if not count:
            return "agrees"
        return (
            WHOLE
            if count == len(step.rows)
            else f"agrees ({count} of the rows have none behind them: {_HELD})"
        )

    def _count_of(self, relation: str) -> int:
        found = self.con.execute(f"select count(*) from {relation}").fetchone()
        return int(found[0]) if found else 0

    def _bare(self, step: Step, spec: dict[str, Any]) -> str:
        """A table of the step's rows that have no row behind them by any link; empty text when every row has one."""
        touched = []
        for link in spec["evidence"]:
            tables = [c.table for c in step.below if c.model == link["parent"]]
            keys = list(link["on"].items())
            expressions = ", ".join(f"({expression}) as k{i}" for i, (_, expression) in enumerate(keys))
            condition = " and ".join(_condition(column, f"k.k{i}") for i, (column, _) in enumerate(keys))
            only = f" where {link['when']}" if link.get("when") else ""
            touched += [
                f"select k.rid from {t} p join (select r.rowid as rid, {expressions} from {step.table} r{only}) k on {condition}"
                for t in tables
            ]
        self._count += 1
        bare = f"bare_{self._count}"
        some = f" where rowid not in ({' union '.join(touched)})" if touched else ""
        self.con.execute(f"create temp table {bare} as select rowid as rid, * from {step.table}{some}")
        return bare if self._count_of(bare) else ""

    def _differing(self, step: Step, spec: dict[str, Any], rows: str, is_whole: bool) -> list[dict[str, Any]]:
        """The rows (an SQL relation) that the recomputation does not give, by the columns of their grain."""
        declared = {link["parent"] for link in spec["evidence"]}
        sql: str = spec.get("recompute") or spec["sql"]
        if spec.get("recompute"):
            names = {"{" + name + "}": name for name in declared} | {
                "{parent}": spec["evidence"][0]["parent"]
            }
        else:
            names = spec["relations"]
        for relation, name in names.items():
            if relation in sql:
                sql = sql.replace(relation, self._read_as(name, step, declared, is_whole))
        again = sql.rstrip().rstrip(";")
        known = {d[0] for d in self.con.execute(f"describe select * from ({again}\n) again").fetchall()}
        compared = [c for c in step.columns if c in known]
        if not self.landing.has_hash_key:
            compared = [c for c in compared if not c.endswith("_hash")]
        listed = ", ".join(f'"{c}"' for c in compared)
        found = self.con.execute(
            f"select {listed} from {rows} except select {listed} from ({again}\n) again"
        ).fetchall()
        keys = [k for k in spec["grain"] if k in compared] or compared
        return [{k: row[compared.index(k)] for k in keys} for row in found]

    def _read_as(self, name: str, step: Step, declared: set[str], is_whole: bool) -> str:
        """What stands for a relation in the recomputation: the rows shown, none of a declared parent, or the release."""
        shown = [c.table for c in step.below if c.model == name and c.table]
        if shown and not is_whole:
            return "(" + " union ".join(f"select * from {t}" for t in shown) + ")"
        if name in self.tables:
            whole = f'build."{name}"'
            return whole if is_whole or name not in declared else f"(select * from {whole} limit 0)"
        return self.landing.relation(name, set() if name in declared and not is_whole else None)

    # -- landing ----------------------------------------------------------------------------------------------------

    def _records(self, columns: list[str], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The payload record behind each row: the payload is read again and its row compared with what landing holds."""
        at = {c: i for i, c in enumerate(columns)}
        wanted = [
            (r[at["_load_id"]], r[at["_row_no"]], r[at["_col"]] if "_col" in at else ANY)
            for r in rows
            if r[at["_load_id"]] is not None
        ]
        return self.landing.records(wanted)


def _condition(column: str, expression: str) -> str:
    """`day_date` means equality (null equals null); `day_date >=` an own operator; `day_date in` a list with commas."""
    found = re.fullmatch(r"\s*(\w+)\s*(<=|>=|<|>|=|in)?\s*", column)
    if not found:
        raise UserError(f"config.meta.evidence: {column!r} is not a column with an operator")
    name, operator = found.groups()
    if operator is None:
        return f'p."{name}" is not distinct from {expression}'
    if operator == "in":
        return f"list_contains(string_split({expression}, ','), p.\"{name}\")"
    return f'p."{name}" {operator} {expression}'
