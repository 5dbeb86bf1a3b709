"""What a release is a function of: its load list, `as_of`, code, seeds, pinned requirements and the scheme mode.

Invariant: two builds with equal inputs have the same release id; nothing else (clock, host, folder) enters it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa

from extract.errors import UsageError, UserError
from extract.home import REPO, Home
from extract.secrets import setting
from extract.source import Source
from warehouse.hashing import tree_hash

SHANGHAI = timezone(timedelta(hours=8))
SCHEME_MODES = ("illustrative", "official")
# the synthetic district is looked at after its last reports are due
AFTER_SYNTHETIC = timedelta(days=15, hours=8)
_CODE = ("extract", "expectations", "warehouse", "dbt_project")
_IDENTITY = ("source", "part", "window_start", "window_end", "seq", "load_id")
_KEPT = (
    *_IDENTITY, "payload_name", "payload_sha256", "records_in", "rows_in", "rows_loaded", "rows_rejected",
    "path", "arrived_at",
)  # fmt: skip


def parse_as_of(text: str | None, home: Home) -> str:
    """`YYYY-MM-DD[ HH:MM[:SS]]` (Asia/Shanghai) in full; without text: the synthetic district's day, else now."""
    if not text:
        district = home.root / "synthetic" / "district.json"
        if district.exists():
            told = json.loads(district.read_text("utf-8"))
            last = datetime.strptime(told["to"], "%Y-%m-%d")
            text = (last + AFTER_SYNTHETIC).strftime("%Y-%m-%d %H:%M:%S")
        if not text:
            return datetime.now(SHANGHAI).strftime("%Y-%m-%d %H:%M:00")
    text = text.strip().replace("T", " ")
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).strftime("%Y-%m-%d %H:%M:%S")
        except ValueError:
            continue
    raise UsageError(
        f"--as-of {text!r} is not a time", rule="YYYY-MM-DD or 'YYYY-MM-DD HH:MM:SS', Asia/Shanghai"
    )


def default_scheme_mode(home: Home) -> str:
    """A synthetic home shows the illustrative scheme; a real one withholds what is not official."""
    return "illustrative" if (home.root / "synthetic" / "env.json").exists() else "official"


@functools.lru_cache(maxsize=1)
def code_commit() -> str:
    """The git commit of the code, `+dirty` when files differ from it, `unknown` outside a checkout."""
    try:
        head = subprocess.run(
            ["git", "-C", str(REPO), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=20, check=True
        ).stdout.strip()  # fmt: skip
        changed = subprocess.run(
            ["git", "-C", str(REPO), "status", "--porcelain", "--untracked-files=no", "--", *_CODE],
            capture_output=True, text=True, timeout=20, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return head + ("+dirty" if changed else "")


@dataclass(frozen=True)
class Inputs:
    """Everything that decides a release. loads: dicts of _KEPT, in a stable order."""

    loads: tuple[dict[str, Any], ...]
    as_of: str
    scheme_mode: str
    commit: str
    code_hash: str
    seeds_hash: str
    requirements_hash: str
    hash_key: str

    @property
    def inputs_hash(self) -> str:
        """Hash of all inputs but as_of: what must change for a withdrawn release to come again."""
        body = {
            "loads": [[_text(x[k]) for k in _IDENTITY] for x in self.loads],
            "scheme_mode": self.scheme_mode,
            "code": self.code_hash,
            "seeds": self.seeds_hash,
            "requirements": self.requirements_hash,
            "hash_key": self.hash_key,
        }
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    @property
    def release_id(self) -> str:
        """`yyyymmdd-hhmm-<8 hex>` of as_of and inputs."""
        digits = re.sub(r"\D", "", self.as_of)
        tail = hashlib.sha256(f"{self.inputs_hash}{self.as_of}".encode()).hexdigest()[:8]
        return f"{digits[:8]}-{digits[8:12]}-{tail}"

    def table(self) -> pa.Table:
        """The load list as create_raw wants it."""
        kinds = {"seq", "records_in", "rows_in", "rows_loaded", "rows_rejected"}
        schema = pa.schema([(k, pa.int64() if k in kinds else pa.string()) for k in _KEPT])
        rows = [{k: x[k] if k in kinds else _none(x[k]) for k in _KEPT} for x in self.loads]
        return pa.Table.from_pylist(rows, schema=schema)

    def as_json(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "scheme_mode": self.scheme_mode,
            "code_commit": self.commit,
            "code_hash": self.code_hash,
            "seeds_hash": self.seeds_hash,
            "requirements_hash": self.requirements_hash,
            "hash_key_fingerprint": self.hash_key,
            "inputs_hash": self.inputs_hash,
        }


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _none(value: Any) -> str | None:
    return None if value is None else str(value)


def read_inputs(
    home: Home,
    sources: Mapping[str, Source],
    as_of: str,
    scheme_mode: str,
    *,
    project_dir: Path,
    like: Mapping[str, Any] | None = None,
) -> Inputs:
    """Read the winning loads once (under the caller's lock) and everything else a release depends on.

    like: release.json of a release to be replayed; its loads are taken instead of the winners. Raises UserError
    when one of them is no longer in landing.
    """
    from extract import landing

    if scheme_mode not in SCHEME_MODES:
        raise UsageError(
            f"no scheme mode is named {scheme_mode!r}", todo="choose one of: " + ", ".join(SCHEME_MODES)
        )
    ledger = landing.ledger(home)
    if like is None:
        rows = landing.winners(ledger, sources).to_pylist()
    else:
        rows = _replayed(ledger.to_pylist(), like)
    loads = tuple(
        sorted(
            ({k: (x.get(k) if isinstance(x.get(k), int) else _none(x.get(k))) for k in _KEPT} for x in rows),
            key=lambda x: tuple(_text(x[k]).rjust(20) for k in _IDENTITY),
        )
    )
    key = setting("JIANHU_HASH_KEY") or ""
    return Inputs(
        loads=loads,
        as_of=as_of,
        scheme_mode=scheme_mode,
        commit=code_commit(),
        code_hash=tree_hash(REPO, _code_folders(project_dir), (".py", ".yml", ".sql"))
        + (
            ""
            if project_dir.is_relative_to(REPO)
            else tree_hash(project_dir, ["."], (".sql", ".yml", ".py"))[:8]
        ),
        seeds_hash=tree_hash(project_dir, ["seeds"], (".csv", ".yml")),
        requirements_hash=tree_hash(REPO, ["requirements.txt"], (".txt",)),
        hash_key=hashlib.sha256(f"jianhu hash key {key}".encode()).hexdigest()[:12] if key else "",
    )


def _code_folders(project_dir: Path) -> list[str]:
    folders = [f for f in _CODE if f != "dbt_project"]
    if project_dir.is_relative_to(REPO):
        folders += [str((project_dir / f).relative_to(REPO)) for f in ("models", "macros", "dbt_project.yml")]
    return folders


def _replayed(ledger: list[dict[str, Any]], like: Mapping[str, Any]) -> list[dict[str, Any]]:
    have = {(x["source"], x["load_id"], x["seq"]): x for x in ledger}
    rows, lost = [], []
    for load in like["loads"]:
        found = have.get((load["source"], load["load_id"], load["seq"]))
        if found is None:
            lost.append(f"{load['source']} {load['load_id']}")
        else:
            rows.append(found)
    if lost:
        raise UserError(
            f"{len(lost)} load(s) of release {like['id']} are no longer in landing",
            where=", ".join(lost[:5]),
            rule="a release can be replayed while its loads are kept",
            todo="restore landing from its copy (docs/restore.md)",
        )
    return rows
