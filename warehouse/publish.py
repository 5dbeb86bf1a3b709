"""From an audited candidate to a release: copy into new files, write the papers, move the pointer.

Invariant: a release folder appears by one rename, whole and forced to disk, and is never written again; a released
database holds tables only, copied with CREATE TABLE AS, so nothing dropped or restricted hides in the file.
"""

from __future__ import annotations

import csv
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from extract.errors import UserError
from extract.home import Home
from warehouse import connect as reading
from warehouse import evidence, quality, releases
from warehouse.audit import open_candidate, table_key
from warehouse.candidate import RELEASE_TABLE, Candidate, PublishTable, candidate_folder, write_json
from warehouse.faults import reach
from warehouse.hashing import file_hash
from warehouse.raw import literal, quote

if TYPE_CHECKING:
    from warehouse.build import Options, Outcome

STORAGE_VERSION = "v1.2.0"  # read by DuckDB 1.2 and later, 2.0 included
TOTAL_ORDER_ROWS = 1_000_000  # smaller tables are ordered by every column after their key
MONTHLY_ROWS = 5_000_000  # longer tables are ordered month by month


def publish_candidate(
    home: Home, candidate: Candidate, *, options: Options, progress: Callable[[str], None] | None = None
) -> Outcome:
    """Make the release, point to it, apply retention, remove the work files. Call under the lock.

    Raises UserError when the candidate was not audited or its audit failed, or when a release of the same inputs
    stands with other contents (a fault of determinism).
    """
    from warehouse.build import Outcome

    report = candidate.audit()
    if report is None or report["critical"]:
        raise UserError(
            "the candidate may not be published",
            where=f"release {candidate.release_id}",
            rule="only an audited candidate without critical findings is published",
            todo="run `jianhu audit` and read its findings",
        )
    tell = progress or (lambda _line: None)
    releases.clean_unfinished(home)
    final = home.releases / candidate.release_id
    if final.exists():
        _same_or_fault(final, report)
        tell(f"release {candidate.release_id} stands already, with equal hashes")
    else:
        temporary = home.releases / f".publishing-{candidate.release_id}-{os.getpid()}"
        temporary.mkdir(parents=True)
        try:
            _write_release(temporary, candidate, report, options, tell)
            _fsync_tree(temporary)
            os.rename(temporary, final)
            releases.fsync_folder(home.releases)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
    reach("publish.renamed")
    entry = {"action": "publish", "inputs_hash": candidate.info["inputs_hash"]}
    releases.point(home, candidate.release_id, entry)
    releases.retain(home, options.keep)
    shutil.rmtree(candidate.folder, ignore_errors=True)
    shutil.rmtree(home.work / "dbt" / "target" / "run", ignore_errors=True)
    reach("publish.cleaned")
    return Outcome("published", candidate.release_id, final, reading.read_release(final)["warnings"])


def _same_or_fault(final: Path, report: dict[str, Any]) -> None:
    before = reading.read_release(final)["tables"]
    differing = sorted(
        k for k in set(before) | set(report["tables"]) if before.get(k) != report["tables"].get(k)
    )
    if differing:
        raise UserError(
            "the same inputs gave another result",
            where=f"release {final.name}: table(s) {', '.join(differing[:8])}",
            rule="a release is a pure function of its inputs (DESIGN: principle 1)",
            todo="look for a clock, a random choice or an order that is not total in the named models",
        )


def _write_release(
    folder: Path, candidate: Candidate, report: dict[str, Any], options: Options, tell: Callable[[str], None]
) -> None:
    tables = candidate.tables()
    open_tables = [t for t in tables if t.database == "build"]
    closed_tables = [t for t in tables if t.database == "restricted"]
    with open_candidate(candidate, options.memory_limit) as con:
        con.execute("set preserve_insertion_order = true")
        tell(f"publish: {len(open_tables)} open and {len(closed_tables)} restricted tables")
        _copy(con, folder / reading.DB_NAME, open_tables, report, _release_row(candidate))
        reach("publish.tables")
        restricted = folder / "restricted"
        restricted.mkdir(mode=0o750)
        restricted.chmod(0o750)
        _copy(con, restricted / reading.DB_NAME, closed_tables, report, None)
        reach("publish.restricted")
        tell("publish: parquet")
        parquet = folder / "parquet"
        parquet.mkdir()
        con.execute(f"attach {literal(str(folder / reading.DB_NAME))} as rel (read_only)")
        for t in open_tables:
            con.execute(
                f"copy (select * from rel.main.{quote(t.name)}) to {literal(str(parquet / (t.name + '.parquet')))} "
                "(format parquet, compression zstd, row_group_size 122880)"
            )
        con.execute("detach rel")
        reach("publish.parquet")
        body = quality.collect(con, candidate, report, options.declared())
    write_json(folder / "quality.json", body)
    (folder / "quality.html").write_text(quality.render(body, report["diff"]), "utf-8")
    write_json(folder / "diff.json", report["diff"])
    units = read_units(options.project_dir)
    with duckdb.connect(str(folder / reading.DB_NAME), read_only=True) as con:
        write_json(folder / "datapackage.json", datapackage(con, candidate, open_tables, units))
    evidence.write(candidate.folder / "manifest.json", folder / "evidence.json", candidate.info["as_of"])
    files = {
        str(p.relative_to(folder)): {"bytes": p.stat().st_size, "sha256": file_hash(p)}
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
    info = candidate.info
    write_json(
        folder / "release.json",
        {
            "id": candidate.release_id,
            "release_id": candidate.release_id,  # the same, by the name of the column in table `release`
            **{k: info[k] for k in info if k not in ("release_id", "loads", "raw_rows")},
            "warnings": body["warnings"],
            "tables": report["tables"],
            "files": files,
            "engine": {
                "duckdb": duckdb.__version__,
                "storage_version": STORAGE_VERSION,
                "python": platform.python_version(),
            },
            "loads": info["loads"],
        },
    )
    reach("publish.documents")


def _release_row(candidate: Candidate) -> dict[str, str]:
    info = candidate.info
    return {
        "release_id": candidate.release_id,
        "as_of": info["as_of"],
        "scheme_mode": info["scheme_mode"],
        "code_commit": info["code_commit"],
        "inputs_hash": info["inputs_hash"],
    }


def _copy(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    tables: list[PublishTable],
    report: dict[str, Any],
    release_row: dict[str, str] | None,
) -> None:
    """CREATE TABLE AS into a new file, ordered; row counts are held against the audit's."""
    con.execute(f"attach {literal(str(path))} as rel (storage_version {literal(STORAGE_VERSION)})")
    try:
        for t in tables:
            told = report["tables"][table_key(t)]["rows"]
            columns = [d[0] for d in con.execute(f"describe select * from {t.relation}").fetchall()]
            key = [c for c in (t.meta.get("order_by") or t.grain) if c in columns]
            if not key or told < TOTAL_ORDER_ROWS:
                key += [c for c in columns if c not in key]
            _copy_ordered(con, t, key, told > MONTHLY_ROWS and "month" in columns)
            row = con.execute(f"select count(*) from rel.main.{quote(t.name)}").fetchone()
            if row is None or row[0] != told:
                raise RuntimeError(f"copy of {t.name}: {row} rows, audited {told}")
        con.execute("begin")
        for t in tables:
            name = f"rel.main.{quote(t.name)}"
            if t.description:
                con.execute(f"comment on table {name} is {literal(t.description)}")
            have = {d[0] for d in con.execute(f"describe {name}").fetchall()}
            for column, about in t.columns.items():
                if column in have and about["description"]:
                    con.execute(
                        f"comment on column {name}.{quote(column)} is {literal(about['description'])}"
                    )
        con.execute("commit")
        if release_row:
            values = ", ".join(f"{literal(v)} as {k}" for k, v in release_row.items())
            con.execute(f"create table rel.main.{RELEASE_TABLE} as select {values}")
            con.execute(f"comment on table rel.main.{RELEASE_TABLE} is '本文件所属的发布，一行'")
        con.execute("checkpoint rel")
    finally:
        con.execute("detach rel")


def _copy_ordered(con: duckdb.DuckDBPyConnection, t: PublishTable, key: list[str], by_month: bool) -> None:
    """One table, ordered by the key; a long one month by month, so that the sort stays in memory."""
    target = f"rel.main.{quote(t.name)}"
    order = ", ".join(f"{quote(c)} nulls first" for c in key)
    if not by_month:
        con.execute(f"create table {target} as select * from {t.relation} order by {order}")
        return
    con.execute(f"create table {target} as select * from {t.relation} limit 0")
    months = con.execute(f"select distinct month from {t.relation} order by month nulls first").fetchall()
    for (month,) in months:
        con.execute(
            f"insert into {target} select * from {t.relation} where month is not distinct from ? order by {order}",
            [month],
        )


def read_units(project_dir: Path) -> dict[str, str]:
    """Unit code → symbol, from seeds/catalogue/unit.csv."""
    path = project_dir / "seeds" / "catalogue" / "unit.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as f:
        return {r["unit_code"]: r.get("symbol") or r["unit_code"] for r in csv.DictReader(f)}


def unit_of(column: str, units: dict[str, str]) -> str | None:
    """The unit that ends a column's name, the longest that fits; None when there is none."""
    fits = [u for u in units if column.endswith("_" + u)]
    return units[max(fits, key=len)] if fits else None


_FRICTIONLESS = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime", "INTEGER": "integer",
    "BIGINT": "integer", "SMALLINT": "integer", "HUGEINT": "integer", "DOUBLE": "number",
}  # fmt: skip


def datapackage(
    con: duckdb.DuckDBPyConnection, candidate: Candidate, tables: list[PublishTable], units: dict[str, str]
) -> dict[str, Any]:
    """A data package (frictionless) of the open tables: fields with type, description, unit; keys; licence."""
    resources = []
    for t in tables:
        fields = []
        for name, dtype, *_ in con.execute(f"describe main.{quote(t.name)}").fetchall():
            about = t.columns.get(name, {"description": "", "meta": {}})
            field: dict[str, Any] = {
                "name": name,
                "type": _FRICTIONLESS.get(dtype.split("(")[0], "number" if "DECIMAL" in dtype else "string"),
                "physical_type": dtype.lower(),
                "description": about["description"],
            }
            unit = about["meta"].get("unit") or unit_of(name, units)
            if unit:
                field["unit"] = unit
            fields.append(field)
        schema: dict[str, Any] = {"fields": fields}
        if t.grain:
            schema["primaryKey"] = list(t.grain)
        resources.append(
            {
                "name": t.name,
                "path": f"parquet/{t.name}.parquet",
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "description": t.description,
                "schema": schema,
            }
        )
    return {
        "name": f"jianhu-{candidate.release_id}",
        "title": "鉴湖 环境数据仓库 发布 " + candidate.release_id,
        "version": candidate.release_id,
        "licenses": [{"name": "bureau-internal", "title": "局内资料，未经批准不得外传"}],
        "resources": resources,
    }


def _fsync_tree(folder: Path) -> None:
    for root, _dirs, files in os.walk(folder, topdown=False):
        for name in files:
            path = Path(root) / name
            path.chmod(0o440 if "restricted" in path.relative_to(folder).parts else 0o444)
            with path.open("rb") as f:
                os.fsync(f.fileno())
        releases.fsync_folder(Path(root))


def keep_failed(home: Home, candidate: Candidate) -> Path:
    """Keep a candidate whose audit failed as releases/candidate-<id> (only the last one; restricted mode)."""
    for old in home.releases.glob("candidate-*"):
        shutil.rmtree(old, ignore_errors=True)
    kept = home.releases / f"candidate-{candidate.release_id}"
    report = candidate.audit()
    assert report is not None
    from extract.source import load_sources

    with open_candidate(candidate) as con:
        body = quality.collect(con, candidate, report, load_sources())
    write_json(candidate.folder / "quality.json", body)
    (candidate.folder / "quality.html").write_text(quality.render(body, report["diff"]), "utf-8")
    candidate.folder.chmod(0o750)
    os.rename(candidate_folder(home), kept)
    releases.log(
        home, {"action": "audit_failed", "candidate": kept.name, "critical": len(report["critical"])}
    )
    return kept
