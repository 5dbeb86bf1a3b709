"""The releases of a home: list, history, pointer, rollback, retention.

Invariant: the pointer moves by one atomic rename; no release is changed or removed while it is the current one.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from extract.errors import UserError
from extract.home import Home
from warehouse import connect as reading
from warehouse.inputs import SHANGHAI

HISTORY = "history.jsonl"


def fsync_folder(folder: Path) -> None:
    """Force a folder's entries to disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def point(home: Home, release_id: str, entry: dict[str, Any]) -> None:
    """Move the pointer to a release and log it. entry: action (publish, rollback) and what belongs to it."""
    before = home.current.resolve().name if home.current.is_symlink() else None
    temporary = home.releases / f".current-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    os.symlink(release_id, temporary)
    os.replace(temporary, home.current)
    fsync_folder(home.releases)
    from warehouse.faults import reach

    reach("publish.pointed")
    log(home, {"id": release_id, "before": before, **entry})


def log(home: Home, entry: dict[str, Any]) -> None:
    """Append one line to releases/history.jsonl."""
    at = datetime.now(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    with (home.releases / HISTORY).open("a", encoding="utf-8") as f:
        f.write(json.dumps({"at": at, **entry}, ensure_ascii=False) + "\n")
        f.flush()
        os.fsync(f.fileno())


def history(home: Home) -> list[dict[str, Any]]:
    """What was published and rolled back, oldest first. A line cut by a crash is passed over."""
    path = home.releases / HISTORY
    out = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            out.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return out


def withdrawn(home: Home) -> set[str]:
    """inputs_hash of releases that were rolled back from and not published again since."""
    out: set[str] = set()
    for line in history(home):
        if line["action"] == "rollback" and line.get("withdrawn"):
            out.add(line["withdrawn"])
        elif line["action"] == "publish":
            out.discard(line.get("inputs_hash", ""))
    return out


def listing(home: Home) -> list[dict[str, Any]]:
    """Every release, newest publication first: id, as_of, scheme_mode, code_commit, tables, rows, is_current."""
    if not home.releases.exists():
        return []
    current = home.current.resolve().name if home.current.is_symlink() else ""
    order = {line["id"]: i for i, line in enumerate(history(home)) if line.get("id")}
    out = []
    for folder in home.releases.iterdir():
        if folder.is_symlink() or not (folder / "release.json").exists() or folder.name.startswith("."):
            continue
        r = reading.read_release(folder)
        out.append(
            {
                "id": folder.name,
                "as_of": r["as_of"],
                "scheme_mode": r["scheme_mode"],
                "code_commit": r["code_commit"],
                "loads": len(r["loads"]),
                "tables": len(r["tables"]),
                "rows": sum(t["rows"] for t in r["tables"].values()),
                "is_current": folder.name == current,
            }
        )
    return sorted(out, key=lambda x: (order.get(x["id"], -1), x["id"]), reverse=True)


def rollback(home: Home, to: str | None = None, reason: str = "") -> tuple[str, str]:
    """Point to an earlier release (the one before the current, or the one named); returns (from, to).

    What is left is withdrawn: a refresh with the same loads, code and seeds will not publish it again by itself.
    Call under the lock. Raises UserError when there is no such release.
    """
    current = reading.current_folder(home)
    if to:
        target = reading.release_folder(home, to)
    else:
        listed = [x["id"] for x in listing(home)]
        earlier = listed[listed.index(current.name) + 1 :] if current.name in listed else []
        if not earlier:
            raise UserError(
                "there is no earlier release to go back to",
                where=f"folder {home.releases}",
                todo="see `jianhu releases`; an older state can be rebuilt with `jianhu refresh --like` or --as-of",
            )
        target = home.releases / earlier[0]
    if target.name == current.name:
        raise UserError("that release is the current one", where=target.name, todo="see `jianhu releases`")
    left = reading.read_release(current)
    entry = {"action": "rollback", "withdrawn": left["inputs_hash"], "reason": reason}
    point(home, target.name, entry)
    return current.name, target.name


def retain(home: Home, keep: int) -> list[str]:
    """Remove the oldest releases beyond `keep`, never the current one; returns their ids."""
    removed = []
    for entry in listing(home)[max(keep, 1) :]:
        if entry["is_current"]:
            continue
        shutil.rmtree(home.releases / entry["id"], ignore_errors=True)
        removed.append(entry["id"])
    if removed:
        log(home, {"action": "retention", "removed": removed})
    return removed


def clean_unfinished(home: Home) -> None:
    """Remove what a killed publication left: never anything that a reader could have opened. Under the lock."""
    for left in home.releases.glob(".publishing-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in home.releases.glob(".current-*"):
        left.unlink(missing_ok=True)
