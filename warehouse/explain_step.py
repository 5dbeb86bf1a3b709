"""One step of an explanation: rows of a model, whether their recomputation agrees, and what stands behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from warehouse.evidence import UNIONS


@dataclass
class Step:
    """Rows of one model that stand behind one row above them."""

    model: str
    title_zh: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    table: str = ""  # the temporary table that holds the rows shown
    recomputed: str = ""  # agrees…, differs: …, not possible: … or empty where nothing stands below
    below: list[Step] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    clauses: list[dict[str, Any]] = field(default_factory=list)
    label_zh: str = ""  # what has to stand beside every figure of these rows, e.g. 示意权重，非官方
    ends_zh: str = ""  # why the trail ends here
    is_open: bool = True  # rows of staging models are used, not shown
    labels: dict[str, str] = field(default_factory=dict)  # column → Chinese name
    names: dict[str, str] = field(default_factory=dict)  # code → its Chinese name, for printing
    same_as_above: bool = False  # these rows were shown before, with all that stands behind them

    def as_dict(self) -> dict[str, Any]:
        """For JSON: every row and record; what was shown before is not repeated."""
        shown = self.is_open and not self.same_as_above
        return {
            "model": self.model,
            "title_zh": self.title_zh,
            "label_zh": self.label_zh,
            "row_count": len(self.rows),
            "rows": [
                dict(zip(self.columns, (None if v is None else str(v) for v in r), strict=True))
                for r in (self.rows if shown else [])
            ],
            "recomputed": self.recomputed,
            "clauses": self.clauses,
            "ends_zh": self.ends_zh,
            "same_as_above": self.same_as_above,
            "below": [] if self.same_as_above else [s.as_dict() for s in self.below],
            "records": [] if self.same_as_above else self.records,
        }

    def walk(self) -> list[Step]:
        """This step and all below it, each once."""
        return [self, *(s for child in ([] if self.same_as_above else self.below) for s in child.walk())]

    @property
    def is_union(self) -> bool:
        """The model only puts the models of its families together."""
        return self.model in UNIONS and bool(self.below)

    @property
    def has_failed(self) -> bool:
        """A step differs from its recomputation, or a payload, read again, from landing."""
        return any(
            s.recomputed.startswith("differs") or any(not r.get("agrees", True) for r in s.records)
            for s in self.walk()
        )
