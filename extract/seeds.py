"""Seeds as files: which CSV files make one seed. dbt loads them all, the door's closed lists read some; never what a file says."""

from __future__ import annotations

from pathlib import Path

from extract.home import REPO

PROJECT_DIR = REPO / "dbt_project"


def seed_parts(project_dir: Path = PROJECT_DIR) -> dict[str, list[str]]:
    """The further files of the seeds that come in parts, as paths in the project: `factor.csv` and every
    `factor__<network>.csv` are one table, seed `factor` (macros/materializations/seed.sql; .dbtignore keeps the parts from
    being seeds of their own)."""
    parts: dict[str, list[str]] = {}
    for path in sorted((project_dir / "seeds").rglob("*__*.csv"), key=lambda p: p.name):
        parts.setdefault(path.stem.split("__")[0], []).append(path.relative_to(project_dir).as_posix())
    return parts
