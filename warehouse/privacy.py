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
    texts: list[tuple[PublishTable, str]] = []
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
            elif dtype.startswith("VARCHAR") and not column.endswith("_as_sent"):
                texts.append((table, column))
    return hits + _scan_texts(con, texts, planted)


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    return [(d[0], d[1]) for d in con.execute(f"describe select * from {relation}").fetchall()]


_WHAT = {
    "privacy_phone": ("mainland phone numbers", "手机号码"),
    "privacy_identity": ("identity numbers", "身份证号码"),
    "privacy_planted": ("planted identifiers", "植入的个人标识"),
}


def _scan_texts(
    con: duckdb.DuckDBPyConnection, columns: list[tuple[PublishTable, str]], planted: list[str]
) -> list[dict[str, Any]]:
    """Each distinct text of all columns is looked at once (codes and reasons stand in hundreds of them); where a text
    is found wanting, the columns that hold it are counted. A column's own distinct texts are taken first: they are few."""
    con.execute("create or replace temp table scan_text (v varchar)")
    for table, column in columns:
        con.execute(f"insert into scan_text select distinct {quote(column)} from {table.relation}")
    con.execute(
        "create or replace temp table scan_text as select distinct v from scan_text where v is not null"
    )
    con.execute("create or replace temp table scan_hit (check_id varchar, v varchar)")
    con.execute(
        "insert into scan_hit select 'privacy_phone', v from scan_text "
        f"where regexp_matches(v, {literal(_plain(PHONE))})"
    )
    found = con.execute(
        f"select v from scan_text where regexp_matches(v, {literal(_plain(IDENTITY))})"
    ).fetchall()
    real = [(t,) for (t,) in found if any(is_identity_number(x) for x in re.findall(IDENTITY, t))]
    if real:
        con.executemany("insert into scan_hit values ('privacy_identity', ?)", real)
    for start in range(0, len(planted), 500):
        pattern = "|".join(re.escape(p) for p in planted[start : start + 500])
        con.execute(
            "insert into scan_hit select 'privacy_planted', v from scan_text "
            f"where regexp_matches(v, {literal(pattern)})"
        )
    out = []
    some = con.execute("select count(*) from scan_hit").fetchone()
    for table, column in columns if some and some[0] else []:
        for check, count in con.execute(
            f"select check_id, count(distinct v) from scan_hit where v in (select {quote(column)} from {table.relation}) "
            "group by check_id order by check_id"
        ).fetchall():
            out.append(_hit(check, table.name, column, count, *_WHAT[check]))
    con.execute("drop table scan_text")
    con.execute("drop table scan_hit")
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
        texts = [(table, column) for column, dtype in _columns(con, relation) if dtype.startswith("VARCHAR")]
        return sum(h["count"] for h in _scan_texts(con, texts, planted))
