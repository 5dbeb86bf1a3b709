"""The typed model of an export's declaration: the `config.meta.jianhu` of a dbt exposure."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from extract.errors import UserError
from extract.seeds import PROJECT_DIR

EXPOSURES = PROJECT_DIR / "models" / "marts" / "exposures.yml"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSpec(Strict):
    """A printed column: mart column, Chinese header, number format of Excel, width in characters."""

    name: str
    header: str
    format: str | None = None
    width: float = Field(12, gt=2, le=120)
    total: Literal["sum"] | None = None


class ChartSpec(Strict):
    """A native chart over columns of its sheet, and over the rows that stand together in it and meet `where`."""

    type: Literal["bar", "column", "line", "pie"]
    title: str
    category: str
    values: list[str] = Field(min_length=1)
    where: str = "true"  # rows drawn: SQL condition over the mart


class SheetSpec(Strict):
    """A sheet: one SELECT over one mart. `expect_rows` refuses an incomplete table instead of printing it."""

    title: str
    mart: str
    note: str = ""
    where: str = "true"  # may use the names of exports.period.fill_of
    order_by: str
    columns: list[ColumnSpec] = Field(min_length=1)
    charts: list[ChartSpec] = []
    expect_rows: int | None = None
    empty_note: str = "本期无数据"
    freeze_columns: int = 1
    status_column: str | None = None

    @model_validator(mode="after")
    def _charts_use_columns(self) -> SheetSpec:
        names = {c.name for c in self.columns}
        for chart in self.charts:
            for used in (chart.category, *chart.values):
                if used not in names:
                    raise ValueError(f"chart {chart.title!r} uses {used!r}, which the sheet does not print")
        return self


class ExportSpec(Strict):
    """One export: a workbook with a cover and sheets, its audience and the texts of the cover."""

    title_zh: str
    audience: Literal["leadership", "bureau", "open"]
    period_type: Literal["quarter", "month", "year"] = "quarter"
    scope_notes: list[str]
    sign_off: list[str] = ["编制", "审核", "审定"]
    labels: dict[str, dict[str, str]] = {}  # column → code → the word that is printed instead
    sheets: list[SheetSpec] = Field(min_length=1)


class Export(Strict):
    """A declared export and what it leans on."""

    name: str
    description: str
    depends_on: list[str]
    spec: ExportSpec


def load_exports(path: Path | None = None) -> dict[str, Export]:
    """All declared exports by name. Raises UserError naming file and key of a fault."""
    path = path or EXPOSURES
    doc = yaml.safe_load(path.read_text("utf-8")) or {}
    out: dict[str, Export] = {}
    for exposure in doc.get("exposures", []):
        meta = ((exposure.get("config") or {}).get("meta") or {}).get("jianhu")
        if meta is None:
            continue
        try:
            spec = ExportSpec(**meta)
        except ValidationError as e:
            detail = "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())
            raise UserError(
                f"the declaration of export {exposure['name']!r} is not valid",
                where=f"file {path.name}: {detail}",
                rule="exports/spec.py: unknown keys are errors",
                todo="correct the named keys",
            ) from e
        leans_on = [ref.split("'")[1] for ref in exposure.get("depends_on", [])]
        missing = sorted({s.mart for s in spec.sheets} - set(leans_on))
        if missing:
            raise UserError(
                f"export {exposure['name']!r} prints marts that its depends_on does not name: {', '.join(missing)}",
                where=f"file {path.name}",
                todo="add them to depends_on, so that dbt knows the lineage",
            )
        out[exposure["name"]] = Export(
            name=exposure["name"], description=exposure.get("description", ""), depends_on=leans_on, spec=spec
        )
    return out
