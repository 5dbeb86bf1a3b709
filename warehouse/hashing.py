"""Hashes that say whether two tables hold the same rows, whatever their order and whatever file they lie in.

Invariant: the hash of a table is the sum over its rows of a 64-bit hash of a canonical text (columns by name,
decimals at full scale, null distinct from empty), so it is the same for every order, engine run and storage version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from warehouse.raw import quote


@dataclass(frozen=True)
class TableHash:
    """rows and hash of a table; months: (rows, hash) by month where the table has a `month` column."""

    rows: int
    digest: str
    months: dict[str, tuple[int, str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"rows": self.rows, "hash": self.digest}
        if self.months:
            out["months"] = {m: {"rows": r, "hash": h} for m, (r, h) in sorted(self.months.items())}
        return out


def canonical_text(columns: Iterable[str]) -> str:
    """SQL expression of the canonical text of a row. Null is chr(0); chr(31) stands between columns."""
    parts = [f"coalesce(cast({quote(c)} as varchar), chr(0))" for c in sorted(columns)]
    return f"concat_ws(chr(31), {', '.join(parts)})" if parts else "''"


def table_hash(con: duckdb.DuckDBPyConnection, relation: str, exclude: Sequence[str] = ()) -> TableHash:
    """The hash of a relation (an SQL name that `con` knows); exclude: clock columns."""
    described = con.execute(f"describe select * from {relation}").fetchall()
    columns = [d[0] for d in described if d[0] not in exclude]
    names = hashlib.sha256("\x1f".join(sorted(columns)).encode()).hexdigest()[:8]
    month = "cast(month as varchar)" if "month" in columns else "cast(null as varchar)"
    groups = con.execute(
        f"select {month} as m, count(*), sum(cast(md5_number_lower({canonical_text(columns)}) as hugeint)) "
        f"from {relation} group by 1 order by 1"
    ).fetchall()
    rows = sum(int(g[1]) for g in groups)
    total = sum(int(g[2] or 0) for g in groups)
    months = {} if "month" not in columns else {
        (g[0] or "none"): (int(g[1]), _hex(int(g[2] or 0), names)) for g in groups
    }  # fmt: skip
    return TableHash(rows, _hex(total, names), months)


def _hex(total: int, names: str) -> str:
    return f"{names}{total % (1 << 96):024x}"


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def tree_hash(root: Path, folders: Iterable[str], suffixes: Sequence[str]) -> str:
    """sha256 over names and bytes of the files below root/folders with one of the suffixes."""
    h = hashlib.sha256()
    for folder in sorted(folders):
        base = root / folder
        files = [base] if base.is_file() else sorted(base.rglob("*"))
        for path in files:
            relative = path.relative_to(root)
            if (
                not path.is_file()
                or path.suffix not in suffixes
                or {"target", "logs", "__pycache__"} & set(relative.parts)
            ):
                continue
            h.update(str(relative).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return h.hexdigest()
