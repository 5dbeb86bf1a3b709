"""How everything outside the build reads a release: read-only, by its real path.

Invariant: a reader never opens a file that anybody writes; a swap of the pointer while it opens is not an error.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extract.errors import UserError
from extract.home import Home

if TYPE_CHECKING:
    import duckdb

DB_NAME = "warehouse.duckdb"


class NoRelease(UserError):
    """There is no release to read."""


def current_folder(home: Home) -> Path:
    """The folder of the current release, its real path. Raises NoRelease."""
    try:
        found = home.current.resolve(strict=True)
    except (FileNotFoundError, RuntimeError) as e:
        raise NoRelease(
            "there is no release yet",
            where=f"home {home.root}",
            todo="run `jianhu refresh` (after `jianhu extract`), or set JIANHU_HOME to the home you mean",
        ) from e
    return found


def release_folder(home: Home, release_id: str | None = None) -> Path:
    """The folder of a release by id (or an unambiguous beginning of it); the current one without id."""
    if not release_id or release_id == "current":
        return current_folder(home)
    names = [] if not home.releases.exists() else sorted(
        p.name for p in home.releases.iterdir() if p.is_dir() and not p.is_symlink() and not p.name.startswith(".")
    )  # fmt: skip
    hits = [n for n in names if n == release_id] or [n for n in names if n.startswith(release_id)]
    if len(hits) != 1:
        raise UserError(
            f"{'no' if not hits else 'more than one'} release is named {release_id!r}",
            where=f"folder {home.releases}",
            todo="choose one of `jianhu releases`: " + ", ".join((hits or names)[-5:]),
        )
    return home.releases / hits[0]


def read_release(folder: Path) -> dict[str, Any]:
    """release.json of a release."""
    try:
        loaded: dict[str, Any] = json.loads((folder / "release.json").read_text("utf-8"))
    except FileNotFoundError as e:
        raise UserError(
            "this is not a release", where=f"folder {folder}", rule="release.json is missing"
        ) from e
    return loaded


def current_release(home: Home) -> dict[str, Any]:
    """release.json of the current release: id, as_of, scheme_mode, code_commit, warnings … Raises NoRelease."""
    return read_release(current_folder(home))


def connect(
    home: Home, restricted: bool = False, release_id: str | None = None, *, closed: bool = False
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the current release (or the one named).

    restricted: also attach the restricted tables as `restricted`. closed: no file outside can be reached by SQL.
    Raises NoRelease, or UserError when the restricted file may not be read.
    """
    import duckdb

    last: Exception | None = None
    for attempt in range(20):
        folder = release_folder(home, release_id)
        try:
            con = duckdb.connect(
                str(folder / DB_NAME),
                read_only=True,
                config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
            )
        except (duckdb.IOException, FileNotFoundError) as e:
            # retention may remove a folder between resolving and opening it: the pointer has moved on by then
            last = e
            time.sleep(0.02 * (attempt + 1))
            continue
        # a process without a script (python -c, as in the proofs) is taken for a person at a prompt: DuckDB would draw a bar of
        # progress among what another program reads from it
        con.execute("set enable_progress_bar = false")
        if restricted:
            path = folder / "restricted" / DB_NAME
            try:
                con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as restricted (read_only)")
            except duckdb.IOException as e:
                con.close()
                raise UserError(
                    "the restricted tables cannot be read",
                    where=f"file {path}",
                    rule="they are for the restricted group (DESIGN: access)",
                    todo="ask for membership of the group that owns the file",
                ) from e
        if closed:
            con.execute("set enable_external_access = false")
            con.execute("set lock_configuration = true")
        return con
    raise UserError("the release cannot be opened", where=f"home {home.root}: {last}", todo="try again")
