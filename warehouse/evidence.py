"""What a release keeps so that its numbers can be explained without the repository: evidence, grain and SQL per model.

Written once at publishing from dbt's manifest (`evidence.json` in the release); read by `warehouse.explain`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_GRAIN = re.compile(r"--\s*grain:\s*(.+)")


def grain_of(sql: str) -> list[str]:
    """The columns of the first `-- grain: a × b × c` line; empty when there is none."""
    found = _GRAIN.search(sql)
    return (
        [part.strip() for part in re.split(r"[×,]", found.group(1)) if re.fullmatch(r"\s*\w+\s*", part)]
        if found
        else []
    )


def collect(manifest: dict[str, Any], compiled_dir: Path | None = None) -> dict[str, dict[str, Any]]:
    """From a parsed manifest.json (and the folder of compiled SQL): model → {title_zh, grain, evidence, sql, relations}.

    relations: relation name as it stands in the SQL → model name.
    """
    nodes = {**manifest.get("nodes", {}), **manifest.get("sources", {})}
    relation = {uid: node.get("relation_name") for uid, node in nodes.items()}
    out: dict[str, dict[str, Any]] = {}
    for node in manifest.get("nodes", {}).values():
        if node.get("resource_type") != "model":
            continue
        meta = (node.get("config") or {}).get("meta") or {}
        sql = node.get("compiled_code") or ""
        if not sql and compiled_dir is not None:
            path = compiled_dir / node["original_file_path"]
            sql = path.read_text("utf-8") if path.exists() else ""
        out[node["name"]] = {
            "title_zh": (node.get("description") or "").split("。")[0][:80],
            "grain": grain_of(node.get("raw_code") or sql),
            "evidence": meta.get("evidence", []),
            "recompute": meta.get("recompute"),
            "sql": sql if meta.get("evidence") else "",
            "relations": {
                relation[uid]: nodes[uid]["name"]
                for uid in (node.get("depends_on") or {}).get("nodes", [])
                if relation.get(uid)
            },
            "columns": {
                name: (c.get("description") or "") for name, c in (node.get("columns") or {}).items()
            },
        }
    return out


def write(manifest_path: Path, out: Path) -> Path:
    """Write evidence.json beside a release from dbt's target/manifest.json; returns the path."""
    manifest = json.loads(manifest_path.read_text("utf-8"))
    found = collect(manifest, manifest_path.parent / "compiled" / manifest["metadata"]["project_name"])
    out.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
    return out
