"""The door's suites: plain YAML per source, run by Great Expectations over pandas batches.

The only module that imports great_expectations, and only when the first batch is validated: the import costs 4-6 s.
Invariant: an exception inside Great Expectations is a fault of ours and is raised; it never passes for a bad row.
"""

from __future__ import annotations

import csv
import functools
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extract.errors import UserError
from extract.seeds import PROJECT_DIR, seed_parts
from extract.source import Source

if TYPE_CHECKING:
    import pandas as pd

POSITION = "_position"  # the named index of a batch: the row's place in it
LOAD_METRICS = ("records_in", "rows_in", "rejected_pct")
COLUMN_METRICS = ("_filled_count", "_distinct_count")
# rules on a column as a whole: the door shows each text once, and a repeated key is its own affair
_WHOLE_COLUMN = ("_unique", "_increasing", "_decreasing")


class GateFault(RuntimeError):
    """Great Expectations itself failed, or a suite asks what it cannot answer: to be mended by us, not by a sender."""


class Expectation(BaseModel):
    """One rule of a suite.

    id: check id, unique in the suite; severity: `reject` looks at rows (columns of the source, typed; blank is not
    looked at), `refuse` looks at the load as a whole (records_in, rows_in, rejected_pct = share of its rows that the
    door rejected, <column>_filled_count, <column>_distinct_count); type: name of a Great Expectations column
    expectation; kwargs: its arguments; reasons may hold {value}, {column} and {column_zh}.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    severity: Literal["reject", "refuse"]
    type: str = Field(pattern=r"^expect_column_values_[a-z_]+$")
    kwargs: dict[str, Any]
    reason_zh: str
    reason_en: str

    @property
    def column(self) -> str:
        return str(self.kwargs["column"])

    def reason(self, source: Source, value: Any) -> tuple[str, str]:
        """The reason in Chinese and English, filled in for one value."""
        name = self.column
        zh = next((c.aliases[0] for c in source.columns if c.name == name and c.aliases), name)
        fill = {"value": str(value)[:80], "column": name, "column_zh": zh}
        return self.reason_zh.format(**fill), self.reason_en.format(**fill)


class Suite(BaseModel):
    """The suite of one source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    description: str = ""
    expectations: list[Expectation]

    def of(self, severity: str) -> list[Expectation]:
        return [e for e in self.expectations if e.severity == severity]


def _resolved(doc: Any) -> Any:
    """A suite's document with every `value_set: {seed, column, where}` replaced by the seed's values, sorted.

    A closed list (towns, items) is stated once, as a seed, and both dbt and the door read it.
    """
    if isinstance(doc, list):
        return [_resolved(x) for x in doc]
    if not isinstance(doc, dict):
        return doc
    if set(doc) <= {"seed", "column", "where"} and "seed" in doc:
        path = PROJECT_DIR / "seeds" / f"{doc['seed']}.csv"
        # a seed in parts (`x.csv`, `x__noise.csv`) is one list here as it is in dbt
        parts = [
            *([path] if path.exists() else []),
            *(PROJECT_DIR / p for p in seed_parts().get(path.stem, [])),
        ]
        if not parts:
            raise UserError(
                f"a suite names the seed {doc['seed']!r}, which does not exist", where=f"file dbt_project/seeds/{doc['seed']}.csv",
                todo="correct the name of the seed",
            )  # fmt: skip
        rows: list[dict[str, str]] = []
        for part in parts:
            with part.open(encoding="utf-8-sig", newline="") as f:
                rows += csv.DictReader(f)
        where = {k: str(v) for k, v in (doc.get("where") or {}).items()}
        return sorted({r[doc["column"]] for r in rows if all(r[k] == v for k, v in where.items())} - {""})
    return {k: _resolved(v) for k, v in doc.items()}


def fingerprint(file: Path) -> bytes:
    """What a suite file says, seeds resolved and reasons left out: part of a source's parse version."""
    doc = _resolved(yaml.safe_load(file.read_text("utf-8")))
    rules = [{k: v for k, v in e.items() if not k.startswith("reason_")} for e in doc.get("expectations", [])]
    return json.dumps(rules, sort_keys=True, ensure_ascii=False, default=str).encode()


def load_suite(source: Source, path: Path | None = None) -> Suite:
    """The suite of a source; an empty one when it has no file. Raises UserError naming the faulty key or column."""
    file = path or source.suite_file
    if not file.exists():
        return Suite(source=source.name, expectations=[])
    try:
        suite = Suite(**_resolved(yaml.safe_load(file.read_text("utf-8"))))
    except (ValidationError, yaml.YAMLError, TypeError) as e:
        detail = (
            "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())
            if isinstance(e, ValidationError)
            else str(e)
        )
        raise UserError(
            f"the suite of source {source.name!r} is not valid",
            where=f"file expectations/{file.name}: {detail}",
            rule="expectations/gate.py, class Expectation",
            todo="correct the named keys",
        ) from e
    columns = {c.name for c in source.columns}
    metrics = {*LOAD_METRICS, *(c + m for c in columns for m in COLUMN_METRICS)}
    ids: set[str] = set()
    for rule in suite.expectations:
        known = columns if rule.severity == "reject" else metrics
        whole = "mostly" in rule.kwargs or rule.type.endswith(_WHOLE_COLUMN)
        if rule.kwargs.get("column") not in known or rule.id in ids or whole:
            raise UserError(
                f"the expectation {rule.id!r} of source {source.name!r} is not valid",
                where=f"file expectations/{file.name}: column {rule.kwargs.get('column')!r}",
                rule="an id stands once, a rule looks at values one by one without `mostly`, and the column is one of: "
                + ", ".join(sorted(known)),
                todo="correct the expectation",
            )
        ids.add(rule.id)
    return suite


@functools.lru_cache(maxsize=1)
def _gx() -> tuple[Any, Any]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # nothing is sent anywhere
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    for noisy in ("great_expectations", "posthog"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("door").add_dataframe_asset("batch")
    return gx, asset.add_batch_definition_whole_dataframe("whole")


def _build(gx: Any, e: Expectation) -> Any:
    cls = getattr(gx.expectations, "".join(p.capitalize() for p in e.type.split("_")), None)
    if cls is None:
        raise UserError(
            f"Great Expectations knows no {e.type!r}",
            where=f"expectation {e.id!r}",
            todo="choose a column expectation of Great Expectations 1.24",
        )
    return cls(**e.kwargs, meta={"check_id": e.id})


def _raise_inner_faults(check_id: str, info: Any) -> None:
    found = [info] if isinstance(info, dict) and "raised_exception" in info else list((info or {}).values())
    for one in found:
        if isinstance(one, dict) and one.get("raised_exception"):
            raise GateFault(
                f"Great Expectations failed inside check {check_id!r}: {one.get('exception_message')}"
            )


def validate(expectations: list[Expectation], frame: pd.DataFrame) -> dict[str, list[int]]:
    """Positions that break each expectation, ascending, by check id; every expectation has its entry.

    frame: one column per looked-at column, plus POSITION (int, unique); null is not looked at. Raises GateFault when
    Great Expectations could not answer.
    """
    if not expectations:
        return {}
    if not len(frame):
        return {e.id: [] for e in expectations}
    gx, batch_definition = _gx()
    batch = batch_definition.get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite(name="door", expectations=[_build(gx, e) for e in expectations])
    result = batch.validate(
        suite,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [POSITION],
            "return_unexpected_index_query": False,
        },
    )
    out: dict[str, list[int]] = {}
    for one in result.results:
        check_id = str(one.expectation_config.meta["check_id"])
        _raise_inner_faults(check_id, one.exception_info)
        unexpected = (one.result or {}).get("unexpected_index_list")
        if not one.success and not unexpected:
            raise GateFault(f"check {check_id!r} failed without naming a row: it is not a rule on values")
        out[check_id] = sorted(int(x[POSITION]) for x in unexpected or [])
    missing = {e.id for e in expectations} - set(out)
    if missing:
        raise GateFault(f"Great Expectations gave no answer for {sorted(missing)}")
    return out
