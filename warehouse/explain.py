"""Why a number is what it is: from a value down its declared evidence to the payload record, recomputed on the way.

Invariant: a value is recomputed by the model's own SQL over nothing but the rows shown; nothing is filled in.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from extract.errors import UsageError, UserError
from extract.home import Home

MAX_DEPTH = 8


@dataclass
class Step:
    """Rows of one model that stand behind one row above them."""

    model: str
    title_zh: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    table: str = ""  # the temporary table that holds the rows shown
    recomputed: str = ""  # agrees | differs | not possible, with the reason
    below: list[Step] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "title_zh": self.title_zh,
            "rows": [
                dict(zip(self.columns, (None if v is None else str(v) for v in r), strict=True))
                for r in self.rows
            ],
            "recomputed": self.recomputed,
            "below": [s.as_dict() for s in self.below],
            "records": self.records,
        }

    def walk(self) -> list[Step]:
        """This step and all below it."""
        return [self, *(s for child in self.below for s in child.walk())]


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
        self._count = 0
        self._payloads: dict[tuple[str, str], Any] = {}

    # -- rows ---------------------------------------------------------------------------------------------------

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

    def start(self, indicator: str, subject: str, period: str, basis: str = "default") -> Step:
        """The step of one cell: an indicator's value, or an index with all its components. UsageError if there is none."""
        for fact, prefix, condition, values in (
            (
                "fct_indicator_value",
                "ind_",
                "indicator_code = ? and subject_id = ? and period = ? and basis = ?",
                [indicator, subject, period, basis],
            ),
            (
                "fct_index_score",
                "score_",
                "index_code = ? and subject_id = ? and period = ?",
                [indicator, subject, period],
            ),
        ):
            found = self.con.execute(
                f"select count(*) from build.{fact} where {condition}", values
            ).fetchone()
            if found and found[0]:
                return self._owner(fact, prefix, condition, values)
        raise self._nothing(indicator, subject, period, basis)

    def subject(self, name: str) -> str:
        """The code of a subject: a Chinese name of an area in force is turned into its code, anything else is kept."""
        found = self.con.execute(
            "select area_code from build.dim_area where name_zh = ? order by valid_from desc nulls last limit 1",
            [name],
        ).fetchone()
        return str(found[0]) if found else name

    def _nothing(self, indicator: str, subject: str, period: str, basis: str) -> UsageError:
        def listed(column: str, condition: str, values: list[str]) -> str:
            query = f"select distinct {column} from build.fct_indicator_value where {condition} order by 1"
            return ", ".join(str(r[0]) for r in self.con.execute(query, values).fetchall()[-16:])

        bases = listed(
            "basis", "indicator_code = ? and subject_id = ? and period = ?", [indicator, subject, period]
        )
        periods = listed("period", "indicator_code = ? and subject_id = ?", [indicator, subject])
        todo = (
            f"bases of this cell: {bases} (--basis)" if bases
            else f"periods of this subject: {periods}" if periods
            else 'list the codes with: jianhu query "select indicator_code, name_zh from dim_indicator"'
        )  # fmt: skip
        return UsageError(
            f"the release holds no {indicator} of {subject} for {period} (basis {basis})", todo=todo
        )

    def _owner(self, fact: str, prefix: str, condition: str, values: list[Any]) -> Step:
        """The union fact holds the row; the model of the family that made it holds the evidence."""
        for name in sorted(self.models):
            if name.startswith(prefix) and name in self.tables:
                table, columns, rows = self._shown(
                    name, f'select * from build."{name}" where {condition}', values
                )
                if rows:
                    return self._step(name, table, columns, rows, 0)
        table, columns, rows = self._shown(fact, f"select * from build.{fact} where {condition}", values)
        reason = "not possible: no model of the family is part of the release"
        return Step(fact, self.models[fact]["title_zh"], columns, rows, table, reason)

    def _step(
        self, model: str, table: str, columns: list[str], rows: list[tuple[Any, ...]], depth: int
    ) -> Step:
        spec = self.models.get(model, {})
        step = Step(model, spec.get("title_zh", ""), columns, rows, table)
        if depth < MAX_DEPTH:
            for link in spec.get("evidence", []):
                child = self._behind(step, link, depth)
                if child is not None:
                    step.below.append(child)
        step.recomputed = self._recompute(step, spec)
        if "_load_id" in columns:
            step.records = self._records(columns, rows)
        return step

    def _behind(self, step: Step, link: dict[str, Any], depth: int) -> Step | None:
        """Rows of the parent that any of the step's rows declares, each once."""
        parent = link["parent"]
        if parent not in self.tables:
            return Step(
                parent,
                link.get("label_zh", ""),
                [],
                [],
                "",
                "not possible: this table is not part of the release",
            )
        keys = list(link["on"].items())
        expressions = ", ".join(f"({expression}) as k{i}" for i, (_, expression) in enumerate(keys))
        condition = " and ".join(_condition(column, f"k.k{i}") for i, (column, _) in enumerate(keys))
        only = f" where {link['when']}" if link.get("when") else ""
        try:
            table, columns, rows = self._shown(
                parent,
                f'select distinct p.* from build."{parent}" p '
                f"join (select distinct {expressions} from {step.table}{only}) k on {condition}",
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

    # -- recompute -----------------------------------------------------------------------------------------------

    def _recompute(self, step: Step, spec: dict[str, Any]) -> str:
        """Run the model's own SQL with its evidence parents replaced by the rows shown; compare whole rows."""
        sql: str = spec.get("sql") or ""
        if not sql or not step.below:
            return ""
        shown = {below.model: below.table for below in step.below if below.table}
        for relation, name in spec["relations"].items():
            if name in shown:
                sql = sql.replace(relation, shown[name])
            elif name in self.tables:
                sql = sql.replace(relation, f'build."{name}"')
            else:
                return f"not possible: {name} is not part of the release"
        names = ", ".join(f'"{c}"' for c in step.columns)
        again = sql.rstrip().rstrip(";")
        try:
            missing = self.con.execute(
                f"select {names} from {step.table} except select {names} from ({again}\n) again"
            ).fetchall()
        except duckdb.Error as e:
            return f"not possible: {str(e).splitlines()[0]}"
        if not missing:
            return "agrees"
        at = [step.columns.index(k) for k in spec["grain"] if k in step.columns]
        return "differs: " + "; ".join(
            ", ".join(f"{step.columns[i]}={row[i]}" for i in at) for row in missing[:5]
        )

    # -- landing -------------------------------------------------------------------------------------------------

    def _records(self, columns: list[str], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The payload record behind each row: the payload is read again and its row compared with what landing holds."""
        from warehouse.lineage import payload_records

        at = {c: i for i, c in enumerate(columns)}
        wanted = [
            (r[at["_load_id"]], r[at["_row_no"]], r[at["_col"]] if "_col" in at else None)
            for r in rows
            if r[at["_load_id"]] is not None
        ]
        return payload_records(self.home, wanted, self._payloads)


def _condition(column: str, expression: str) -> str:
    """`day_date` means equality (null equals null); `day_date >=` an own operator; `day_date in` a list column."""
    found = re.fullmatch(r"\s*(\w+)\s*(<=|>=|<|>|=|in)?\s*", column)
    if not found:
        raise UserError(f"config.meta.evidence: {column!r} is not a column with an operator")
    name, operator = found.groups()
    if operator is None:
        return f'p."{name}" is not distinct from {expression}'
    if operator == "in":
        return f"list_contains(string_split({expression}, ','), p.\"{name}\")"
    return f'p."{name}" {operator} {expression}'
