"""The typed model of a declared source: one YAML file in `extract/sources/`, valid dbt `sources:` YAML.

Ours stands under `config.meta.jianhu` of the table and `config.meta` of each column; unknown keys are errors.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from extract.errors import UserError
from extract.home import REPO

SOURCES_DIR = REPO / "extract" / "sources"
SUITES_DIR = REPO / "expectations"

# the C loader: every DAG file is parsed often, and the pure one costs ten times as much
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPE = re.compile(r"^(varchar|int|bigint|date|timestamp|boolean|decimal\(\d+,\d+\))$")


class Strict(BaseModel):
    """Every declared key is known; every other key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Strict):
    """One column of a source's rows.

    name: snake_case, in the warehouse; data_type: varchar, int, bigint, date, timestamp, boolean, decimal(p,s);
    aliases: the names a sender uses for it; privacy: class of the field (none, internal, personal, secret);
    parse: `measurement` reads below-detection forms (0.05L, <0.05, ND, 未检出) into value, qualifier and limit;
    blanks: texts that mean "no value"; true_values: texts that mean true; date_order for ambiguous dates.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    data_type: str
    description: str
    aliases: list[str] = []
    required: bool = False
    privacy: Literal["none", "internal", "personal", "secret"] = "none"
    parse: Literal["plain", "measurement"] = "plain"
    blanks: list[str] = ["", "-", "--", "—", "——", "*", "/", "null", "NULL", "None"]
    true_values: list[str] = ["true", "True", "1", "是", "Y"]
    allowed: list[str] = []
    unit: str | None = None

    @field_validator("data_type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        if not _TYPE.match(value):
            raise ValueError(f"unknown data_type {value!r}")
        return value

    @property
    def is_text(self) -> bool:
        return self.data_type == "varchar"

    def headers(self) -> list[str]:
        """Names under which a sender may print this column, the warehouse's own last."""
        return [*self.aliases, self.name]


class SliceSpec(Strict):
    """How loads of the source follow one another.

    kind: snapshot, interval or arrivals; window: the unit of time of one load; lateness_days: how far back a
    routine run asks again.
    """

    kind: Literal["snapshot", "interval", "arrivals"]
    window: Literal["day", "month", "quarter", "year", "none"] = "none"
    lateness_days: int = Field(default=0, ge=0)


class Volume(Strict):
    """A load with fewer records is refused as a whole."""

    min_records: int = Field(default=0, ge=0)


class Source(Strict):
    """A declared source, as the rest of the house sees it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    name_zh: str
    provider: str
    owner: str
    schedule: str
    freshness_hours: int = Field(gt=0)
    reader: Literal["files", "http_json", "database", "hj212", "register"]
    slice: SliceSpec
    natural_key: list[str] = Field(min_length=1)
    changed_at: list[str] = []
    deleted: str | None = None
    time_meaning: Literal["end", "start", "instant", "declared", "none"] = "none"
    crs: Literal["CGCS2000", "WGS84", "GCJ-02", "BD-09"] | None = None
    feeds: Literal["reading", "fine_reading", "case", "account", "register", "dimension", "reference"]
    audience: Literal["bureau", "open"] = "bureau"
    optional: bool = False
    volume: Volume = Volume()
    options: dict[str, Any] = {}
    columns: list[Column] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_are_columns(self) -> Source:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("a column is declared twice")
        taken = sorted(_DOOR_COLUMNS & set(names))
        if taken:
            raise ValueError(
                f"{', '.join(taken)}: the door writes a column of that name beside a rejected row"
            )
        for key in [*self.natural_key, *self.changed_at, *([self.deleted] if self.deleted else [])]:
            if key not in names and not key.startswith("_"):
                raise ValueError(f"{key!r} is named as a key but is not a column")
        if self.is_fine and (self.slice.kind != "interval" or "part_pattern" in self.options):
            raise ValueError("readings finer than an hour come in intervals without parts")
        if len(self.schedule.split()) != 5:
            raise ValueError("schedule must be a cron line of five fields")
        return self

    @property
    def is_fine(self) -> bool:
        """Whether it feeds readings finer than an hour, which the build reads where they lie (warehouse/raw.py)."""
        return self.feeds == "fine_reading"

    def column(self, name: str) -> Column:
        """The declared column of that name; KeyError if there is none."""
        for c in self.columns:
            if c.name == name:
                return c
        raise KeyError(name)

    @property
    def file(self) -> Path:
        return SOURCES_DIR / f"{self.name}.yml"

    @property
    def suite_file(self) -> Path:
        return SUITES_DIR / f"{self.name}.yml"

    @functools.cached_property
    def parse_version(self) -> str:
        """Hash of what decides how bytes become rows: this YAML, the suite, the reader's own `VERSION`,
        the door's typed parsing."""
        from expectations import gate
        from extract import types
        from extract.readers import base

        h = hashlib.sha256()
        h.update(json.dumps(self.model_dump(mode="json", exclude=_NOT_PARSING), sort_keys=True).encode())
        if self.suite_file.exists():
            h.update(gate.fingerprint(self.suite_file))
        h.update(base.reader_version(self.reader).encode())
        h.update(f"types {types.VERSION}".encode())
        return h.hexdigest()[:16]


# columns of a rejected row that are not the sender's (extract/readers/base.py: REJECT_COLUMNS; extract/door.py)
_DOOR_COLUMNS = {"check_id", "column_name", "rejected_value", "reason_zh", "reason_en", "all_checks"}

# keys that do not change how a payload is read: a new schedule must not make new loads
_NOT_PARSING = {
    "description", "name_zh", "owner", "schedule", "freshness_hours", "audience", "optional", "provider",
}  # fmt: skip


def _parse(path: Path) -> list[Source]:
    where = f"file {path.name}"
    try:
        doc = yaml.load(path.read_text("utf-8"), Loader=_Loader)
    except yaml.YAMLError as e:
        raise UserError("the source file is not YAML", where=f"{where}: {e}", todo="mend the file") from e
    out: list[Source] = []
    for block in (doc or {}).get("sources", []):
        if block.get("name") != "raw":
            raise UserError("a source block must be named raw", where=where, rule="DESIGN: the house")
        for table in block.get("tables", []):
            meta = dict((table.get("config") or {}).get("meta", {}).get("jianhu") or {})
            if meta.pop("system", False):
                continue  # tables that the build itself writes
            columns = [
                {
                    "name": c.get("name"),
                    "data_type": c.get("data_type", "varchar"),
                    "description": c.get("description", ""),
                    **((c.get("config") or {}).get("meta") or {}),
                }
                for c in table.get("columns", [])
            ]
            try:
                source = Source(
                    name=table.get("name"),
                    description=table.get("description", ""),
                    columns=columns,  # type: ignore[arg-type]
                    **meta,
                )
            except (ValidationError, TypeError) as e:
                detail = (
                    "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())
                    if isinstance(e, ValidationError)
                    else str(e)
                )
                raise UserError(
                    f"the declaration of source {table.get('name')!r} is not valid",
                    where=f"{where}: {detail}",
                    rule="extract/source.py, class Source: unknown keys are errors",
                    todo="correct the named keys",
                ) from e
            if path.stem != source.name:
                raise UserError("file and source must bear one name", where=f"{where} declares {source.name}")
            out.append(source)
    return out


@functools.lru_cache(maxsize=8)
def _load(folder: Path) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for path in sorted(folder.glob("*.yml")):
        for source in _parse(path):
            found[source.name] = source
    return found


def load_sources(folder: Path | None = None) -> dict[str, Source]:
    """All declared sources by name, in order of name. Raises UserError naming file and key of a fault."""
    return dict(_load(folder or SOURCES_DIR))


def get_source(name: str) -> Source:
    """The declared source of that name. Raises UserError listing the known names."""
    sources = load_sources()
    if name not in sources:
        raise UserError(f"no source is named {name!r}", todo="choose one of: " + ", ".join(sources))
    return sources[name]
