"""What a release keeps so that its numbers can be explained without the repository: evidence, grain and SQL per model.

Written once at publishing from dbt's manifest (`evidence.json` in the release); read by `warehouse.explain`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_GRAIN = re.compile(r"--\s*grain:\s*(.+)")
# facts that are nothing but the union of the models of their families: every row has one row behind it
UNIONS = {"fct_indicator_value": "ind_", "fct_index_score": "score_"}
LINEAGE = ("_load_id", "_row_no", "_col")


def grain_of(sql: str) -> list[str]:
    """The columns of the first `-- grain: a × b × c` line; empty when there is none."""
    found = _GRAIN.search(sql)
    return (
        [part.strip() for part in re.split(r"[×,]", found.group(1)) if re.fullmatch(r"\s*\w+\s*", part)]
        if found
        else []
    )


def _links(node: dict[str, Any], parents: list[str], grain: list[str]) -> list[dict[str, Any]]:
    """Declared evidence, and what follows from the shape of a model: members of a union, staging rows of a reading."""
    declared: list[dict[str, Any]] = list(((node.get("config") or {}).get("meta") or {}).get("evidence", []))
    prefix = UNIONS.get(node["name"])
    if prefix and not declared:
        return [{"parent": p, "on": {c: c for c in grain}} for p in parents if p.startswith(prefix)]
    staged = [p for p in parents if p.startswith("stg_")]
    keys = {c: c for c in LINEAGE if c in (node.get("columns") or {})}
    told = any(link["parent"].startswith("stg_") for link in declared)
    if len(keys) < 2 or told or node["name"].startswith("stg_"):
        return declared
    return [*declared, *({"parent": p, "on": keys, "label_zh": "暂存层"} for p in staged)]


def collect(manifest: dict[str, Any], compiled_dir: Path | None = None) -> dict[str, dict[str, Any]]:
    """From a parsed manifest.json (and the folder of compiled SQL): what explaining needs of each model.

    title_zh, grain, evidence, recompute, clause (an SQL expression over the model's row that gives a clause id), sql,
    relations (relation name as it stands in the SQL → model name), columns, restricted (its rows hold personal data).
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
        relations = {
            relation[uid]: nodes[uid]["name"]
            for uid in (node.get("depends_on") or {}).get("nodes", [])
            if relation.get(uid)
        }
        grain = grain_of(node.get("raw_code") or sql)
        out[node["name"]] = {
            "title_zh": re.split("[。：]", node.get("description") or "")[0][:60],
            "grain": grain,
            "evidence": _links(node, sorted(relations.values()), grain),
            "recompute": meta.get("recompute"),
            "clause": meta.get("clause"),
            "sql": sql,
            "relations": relations,
            "restricted": node.get("database") == "restricted",
            "columns": {
                name: (c.get("description") or "") for name, c in (node.get("columns") or {}).items()
            },
        }
    return out


def write(manifest_path: Path, out: Path, as_of: str) -> Path:
    """Write evidence.json beside a release from dbt's target/manifest.json; returns the path.

    as_of: of the release; links name it `{as_of}` (macro as_of_in_config), because configs outlive a build.
    """
    manifest = json.loads(manifest_path.read_text("utf-8"))
    found = collect(manifest, manifest_path.parent / "compiled" / manifest["metadata"]["project_name"])
    for model in found.values():
        for link in model["evidence"]:
            link["on"] = {k: v.replace("{as_of}", as_of) for k, v in link["on"].items()}
    out.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
    return out
