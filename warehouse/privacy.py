"""The privacy scan: what stands in a table that everybody may read.

Invariant: a column that carries a field declared `personal` or `secret` at its source, a mainland phone or identity
number, or a planted identifier, never leaves in an open table; each hit is a fault of ours and blocks the release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from extract.home import Home
from extract.source import Source
from warehouse.candidate import Candidate, PublishTable
from warehouse.raw import literal, quote

PHONE = r"(?:^|[^0-9A-Za-z.])(?:\+?86[- ]?)?(1[3-9][0-9]{9})(?:[^0-9A-Za-z.]|$)"
IDENTITY = (
    r"(?:^|[^0-9A-Za-z])([1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx])"
    r"(?:[^0-9A-Za-z]|$)"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def is_identity_number(text: str) -> bool:
    """True for 18 characters whose check digit holds (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", text):
        return False
    total = sum(int(d) * w for d, w in zip(text, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == text[17].upper()


def personal_columns(sources: Mapping[str, Source]) -> dict[str, set[str]]:
    """Source name → names of its columns of class personal or secret."""
    return {
        s.name: {c.name for c in s.columns if c.privacy in ("personal", "secret")} for s in sources.values()
    }


def planted_identifiers(home: Home) -> list[str]:
    """Identifiers that the synthetic district planted (column `identifier` of synthetic/truth/*identifier*.parquet)."""
    found: set[str] = set()
    folder = home.root / "synthetic" / "truth"
    for path in sorted(folder.glob("*identifier*")):
        if path.suffix == ".parquet":
            with duckdb.connect() as con:
                rows = con.execute(
                    f"select identifier from read_parquet({literal(str(path))}) where identifier is not null"
                )
                found |= {str(r[0]).strip() for r in rows.fetchall()}
        elif path.suffix in (".txt", ".csv"):
            found |= {line.strip() for line in path.read_text("utf-8").splitlines()}
    return sorted(x for x in found if len(x) >= 2)


def scan(
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[PublishTable],
    candidate: Candidate,
    sources: Mapping[str, Source],
    planted: list[str],
) -> list[dict[str, Any]]:
    """Hits in the open tables: dicts of check, table, column, count, message_en, message_zh. No value is repeated."""
    personal = personal_columns(sources)
    hits: list[dict[str, Any]] = []
    for table in tables:
        if table.database == "restricted":
            continue
        upstream = candidate.upstream_sources(table.unique_id)
        forbidden = set().union(*(personal.get(s, set()) for s in upstream)) if upstream else set()
        for column, dtype in _columns(con, table.relation):
            meta = table.columns.get(column, {}).get("meta", {})
            declared = meta.get("privacy")
            if declared in ("personal", "secret") or (column in forbidden and declared is None):
                hits.append(_hit("privacy_column", table.name, column, 1, "a personal field", "个人信息字段"))
                continue
            if dtype.startswith("VARCHAR") and not column.endswith("_as_sent"):
                hits += _scan_column(con, table, column, planted)
    return hits


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    return [(d[0], d[1]) for d in con.execute(f"describe select * from {relation}").fetchall()]


def _scan_column(
    con: duckdb.DuckDBPyConnection, table: PublishTable, column: str, planted: list[str]
) -> list[dict[str, Any]]:
    out = []
    values = f"(select distinct {quote(column)} as v from {table.relation} where {quote(column)} is not null)"
    row = con.execute(
        f"select count(*) filter (regexp_matches(v, {literal(_plain(PHONE))})), "
        f"count(*) filter (regexp_matches(v, {literal(_plain(IDENTITY))})) from {values}"
    ).fetchone()
    assert row is not None
    if row[0]:
        out.append(_hit("privacy_phone", table.name, column, row[0], "mainland phone numbers", "手机号码"))
    if row[1]:
        texts = con.execute(
            f"select v from {values} where regexp_matches(v, {literal(_plain(IDENTITY))})"
        ).fetchall()
        real = sum(any(is_identity_number(x) for x in re.findall(IDENTITY, t[0])) for t in texts)
        if real:
            out.append(_hit("privacy_identity", table.name, column, real, "identity numbers", "身份证号码"))
    for start in range(0, len(planted), 500):
        pattern = "|".join(re.escape(p) for p in planted[start : start + 500])
        found = con.execute(
            f"select count(*) from {values} where regexp_matches(v, {literal(pattern)})"
        ).fetchone()
        if found and found[0]:
            out.append(
                _hit("privacy_planted", table.name, column, found[0], "planted identifiers", "植入的个人标识")
            )
            break
    return out


def _plain(pattern: str) -> str:
    return pattern.replace("(?:", "(")


def _hit(check: str, table: str, column: str, count: int, what_en: str, what_zh: str) -> dict[str, Any]:
    return {
        "check": check,
        "table": table,
        "column": column,
        "count": int(count),
        "message_en": f"open table {table}, column {column}: {what_en} ({count})",
        "message_zh": f"公开表 {table} 的列 {column} 含{what_zh}（{count}）",
    }


def scan_parquet(path: Path, planted: list[str]) -> int:
    """Distinct texts of one Parquet file that hold a planted identifier; for what leaves as a file."""
    with duckdb.connect() as con:
        relation = f"read_parquet({literal(str(path))})"
        table = PublishTable(path.stem, "build", relation, "", {}, {}, "")
        return sum(
            h["count"]
            for column, dtype in _columns(con, relation)
            if dtype.startswith("VARCHAR")
            for h in _scan_column(con, table, column, planted)
        )
