"""A candidate: what one build made, not yet a release. It lies in `<home>/work/candidate`, with all its inputs.

Invariant: `candidate.json` is written last and renamed into place, so a candidate is whole or absent.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extract.errors import UserError
from extract.home import Home
from warehouse.raw import LEDGER_COLUMNS

RESOURCE_TYPES = ("model", "seed")
LEDGER_TABLE = "load_ledger"
RELEASE_TABLE = "release"
MEMORY_LIMIT = "5GB"  # of DuckDB where the caller names none; the rest of the process comes on top


@dataclass(frozen=True)
class PublishTable:
    """A table that leaves the build: its place, words and columns as the manifest tells them."""

    name: str
    database: str  # build or restricted
    relation: str  # where the build has it
    description: str
    columns: dict[str, dict[str, Any]]  # name → description, data_type, meta
    meta: dict[str, Any]
    unique_id: str
    grain: tuple[str, ...] = ()


class Candidate:
    """Reads the folder of a candidate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.info: dict[str, Any] = json.loads((folder / "candidate.json").read_text("utf-8"))
        except FileNotFoundError as e:
            raise UserError(
                "there is no candidate to work on", where=f"folder {folder}", todo="run `jianhu build`"
            ) from e
        self.release_id: str = self.info["release_id"]
        self.build_db = folder / "build.duckdb"
        self.restricted_db = folder / "restricted.duckdb"
        self._manifest: dict[str, Any] | None = None

    @property
    def manifest(self) -> dict[str, Any]:
        if self._manifest is None:
            self._manifest = json.loads((self.folder / "manifest.json").read_text("utf-8"))
        assert self._manifest is not None
        return self._manifest

    @property
    def results(self) -> list[dict[str, Any]]:
        loaded: dict[str, Any] = json.loads((self.folder / "run_results.json").read_text("utf-8"))
        found: list[dict[str, Any]] = loaded["results"]
        return found

    def audit(self) -> dict[str, Any] | None:
        """The audit of this candidate, or None when it was not audited."""
        path = self.folder / "audit.json"
        if not path.exists():
            return None
        loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return loaded

    def tables(self) -> list[PublishTable]:
        """The publishable tables (meta.publish) that the build made, by name; the load ledger among them."""
        made = {r["unique_id"] for r in self.results if r["status"] in ("success", "warn")}
        out = [_ledger_table()]
        evidence = self._evidence_parents()
        order = self._grains()
        for node in self.manifest["nodes"].values():
            if node["resource_type"] not in RESOURCE_TYPES or node["unique_id"] not in made:
                continue
            meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
            # the project publishes by default; helpers of the build leave it only when their own file says so, or as
            # evidence of a published value
            own = (node.get("unrendered_config") or {}).get("meta") or {}
            if (
                node["name"].startswith(("stg_", "int_"))
                and not own.get("publish")
                and node["name"] not in evidence
            ):
                continue
            if not meta.get("publish", True) or node["config"].get("materialized") == "ephemeral":
                continue
            name = node.get("alias") or node["name"]
            columns = {
                c["name"]: {
                    "description": c.get("description", ""),
                    "meta": {**c.get("meta", {}), **c.get("config", {}).get("meta", {})},
                }
                for c in node.get("columns", {}).values()
            }
            database = node["database"]
            out.append(
                PublishTable(
                    name=name,
                    database="restricted" if database == "restricted" else "build",
                    relation=f'"{database}"."{node["schema"]}"."{name}"',
                    description=node.get("description", ""),
                    columns=columns,
                    meta=meta,
                    unique_id=node["unique_id"],
                    grain=order.get(node["unique_id"], ()),
                )
            )
        return sorted(out, key=lambda t: (t.database, t.name))

    def _evidence_parents(self) -> set[str]:
        names: set[str] = set()
        for node in self.manifest["nodes"].values():
            for one in node.get("config", {}).get("meta", {}).get("evidence") or []:
                names.add(str(one.get("parent", "")))
        return names

    def _grains(self) -> dict[str, tuple[str, ...]]:
        """Key columns by node, as the tests `key`, `unique_rows` and `unique` state them."""
        found: dict[str, tuple[str, ...]] = {}
        for node in self.manifest["nodes"].values():
            test = node.get("test_metadata") or {}
            attached = node.get("attached_node")
            if not attached:
                continue
            kwargs = test.get("kwargs", {})
            if test.get("name") in ("key", "unique_rows"):
                found[attached] = tuple(kwargs.get("columns") or ())
            elif test.get("name") == "unique" and kwargs.get("column_name"):
                found.setdefault(attached, (str(kwargs["column_name"]),))
        return found

    def upstream_sources(self, unique_id: str) -> set[str]:
        """Names of the raw sources that a node reads, through any number of models."""
        seen: set[str] = set()
        todo = [unique_id]
        names: set[str] = set()
        while todo:
            node_id = todo.pop()
            if node_id in seen:
                continue
            seen.add(node_id)
            if node_id.startswith("source."):
                names.add(node_id.split(".")[-1])
                continue
            node = self.manifest["nodes"].get(node_id)
            if node:
                todo += node.get("depends_on", {}).get("nodes", [])
        return names


def _ledger_table() -> PublishTable:
    return PublishTable(
        name=LEDGER_TABLE,
        database="build",
        relation='"build"."raw"."load_ledger"',
        description="本次发布读取的装载清单，一行一个装载",
        columns={n: {"description": _LEDGER_ZH[n], "meta": {}} for n, _ in LEDGER_COLUMNS},
        meta={},
        unique_id="system.load_ledger",
        grain=("source", "part", "window_start", "window_end", "seq", "load_id"),
    )


_LEDGER_ZH = {
    "load_id": "装载编号",
    "source": "来源名",
    "part": "切片的部分",
    "window_start": "切片窗口起始日",
    "window_end": "切片窗口终止日（不含）",
    "seq": "切片内序号，大者为准",
    "payload_name": "载荷名",
    "payload_sha256": "载荷字节的 SHA-256",
    "records_in": "载荷记录数（条）",
    "rows_in": "读出行数（行），等于装载行数加拒收行数",
    "rows_loaded": "装载行数（行）",
    "rows_rejected": "拒收行数（行）",
}


def write_json(path: Path, body: Any) -> None:
    """Write JSON beside the path, fsync, rename: whole or absent."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as f:
        json.dump(body, f, ensure_ascii=False, indent=1, sort_keys=True, default=str)
        f.write("\n")
        f.flush()
        os.fsync(f.fileno())
    os.replace(temporary, path)


def candidate_folder(home: Home) -> Path:
    """Where the build of a home leaves its candidate."""
    return home.work / "candidate"


def drop_candidate(home: Home) -> None:
    """Remove the candidate and what killed builds left behind. Call under the lock."""
    shutil.rmtree(candidate_folder(home), ignore_errors=True)
    for left in home.work.glob("building-*"):
        shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(home.work / "dbt" / "spill", ignore_errors=True)
