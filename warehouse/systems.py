"""The catalogue of the plan's systems: what serves each, how far it stands and what proves it (`jianhu status --systems`).

The one list is the seed `catalogue/system.csv`. Invariant: nothing is called working whose check is not named here, and
every name in it exists (tests/test_systems.py).
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

from warehouse.dbt import PROJECT_DIR

SEED = Path("seeds") / "catalogue" / "system.csv"
STATES = ("working", "partial", "missing")
_COLOUR = {"working": "green", "partial": "yellow", "missing": "dim"}


def catalogue(project_dir: Path | None = None) -> list[dict[str, Any]]:
    """One dict per system in the order of the plan; sources, models and checks as lists."""
    path = (project_dir or PROJECT_DIR) / SEED
    with path.open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for row in rows:
        for name in ("sources", "models", "checks"):
            row[name] = [x for x in row[name].split("|") if x]
    return rows


def listing(project_dir: Path | None = None) -> list[dict[str, Any]]:
    """What `--json` prints: id, state, sources, models, checks of each system."""
    return [
        {"id": r["system_id"], **{k: r[k] for k in ("state", "sources", "models", "checks")}}
        for r in catalogue(project_dir)
    ]


def show(project_dir: Path | None = None) -> None:
    """The terminal page: the state of each system, what serves it, how many checks prove it."""
    from rich.console import Console
    from rich.table import Table

    rows = catalogue(project_dir)
    table = Table(box=None, header_style="bold")
    for name in ("id", "系统", "system", "state"):
        table.add_column(name)
    table.add_column("checks", justify="right")
    table.add_column("models")
    table.add_column("note")
    for r in rows:
        table.add_row(
            r["system_id"], r["name_zh"], r["name_en"], f"[{_COLOUR[r['state']]}]{r['state']}[/]", str(len(r["checks"])),
            ", ".join(r["models"]), r["note"],
        )  # fmt: skip
    out = Console()
    out.width = max(out.width, 160)  # a cut name would not be found again
    out.print(table)
    counts = Counter(r["state"] for r in rows)
    out.print(", ".join(f"{counts[s]} {s}" for s in STATES) + f" of {len(rows)}", highlight=False)
