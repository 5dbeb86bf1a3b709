"""A small synthetic district through the real chain, made once per test session and only read afterwards.

simulate → extract without the providers that answer over a network → extract in the district's three phases →
refresh, twice → export. Every command's exit code and output is kept in `commands.json` beside the home.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extract.home import REPO, Home

SEED, SINCE, LAST, UNTIL = 11, "2026-02-02", "2026-03-20", "2026-03-21"
AS_OF, SCALE = "2026-04-05 08:00:00", "0.1"
DEAD_URL = "http://127.0.0.1:9"  # the discard port: nothing listens, so a connection is refused at once
DEAD_DB = "postgresql+psycopg2://nobody@127.0.0.1:9/none"


@dataclass(frozen=True)
class Tiny:
    """home: read only. env: the settings of the district (no server runs any more). told: what each command said,
    by step: {"code", "out", "err", "seconds"}."""

    home: Home
    env: dict[str, str]
    told: dict[str, dict[str, Any]]

    def report(self, step: str) -> Any:
        """The JSON that a step printed."""
        return json.loads(self.told[step]["out"])


def jianhu(*args: str, home: Path, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run the command line of this checkout; {"code", "out", "err", "seconds"}."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "warehouse.cli", *args], cwd=REPO, capture_output=True, text=True, check=False,
        env={**os.environ, **(env or {}), "JIANHU_HOME": str(home), "COLUMNS": "200"},
    )  # fmt: skip
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr,
            "seconds": round(time.monotonic() - started, 1)}  # fmt: skip


def overlay(home: Home, folder: Path) -> Home:
    """A home that shares landing, releases and synthetic files of `home` but has its own exports and work."""
    folder.mkdir(parents=True)
    for name in ("landing", "releases", "synthetic"):
        (folder / name).symlink_to(home.root / name)
    (folder / "work").mkdir()
    (folder / "exports").mkdir()
    return Home(folder)


def shared_parse(together: Path) -> Path:
    """The folder of what dbt parsed of the project for the homes of one session."""
    kept = together / "parsed"
    kept.mkdir(exist_ok=True)
    return kept


def share_parse(home: Home, together: Path) -> Home:
    """Lets homes of one session share what dbt parsed of the project (with scheme_mode illustrative and no other var of its own)."""
    (home.work / "dbt").mkdir(parents=True, exist_ok=True)
    (home.work / "dbt" / "parsed").symlink_to(shared_parse(together))
    return home


def once(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """`folder/name` made by `make` in the first process that asks; the others wait for it. Raises what `make` raised."""
    folder.mkdir(parents=True, exist_ok=True)
    target, done, failed = folder / name, folder / f"{name}.done", folder / f"{name}.failed"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if failed.exists():
            raise AssertionError(failed.read_text("utf-8"))
        if not done.exists():
            target.mkdir()
            try:
                make(target)
            except BaseException as e:
                failed.write_text(f"{name} could not be made: {e}", "utf-8")
                raise
            done.touch()
    return target


def make(folder: Path) -> None:
    """Make the home in `folder/home` and `folder/commands.json`; AssertionError names the step that failed."""
    from district.serve import running, set_phase

    home = share_parse(Home(folder / "home").ensure(), folder.parent)
    told: dict[str, dict[str, Any]] = {}

    def step(
        name: str, *args: str, env: dict[str, str] | None = None, codes: tuple[int, ...] = (0, 4)
    ) -> None:
        told[name] = jianhu(*args, home=home.root, env=env)
        (folder / "commands.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        assert told[name]["code"] in codes, (
            f"{name} ended with {told[name]['code']}: {told[name]['out'][-1500:]}{told[name]['err'][-1500:]}"
        )

    days = ("--since", SINCE, "--until", UNTIL)
    step("simulate", "simulate", "--seed", str(SEED), "--from", SINCE, "--to", LAST, "--scale", SCALE,
         "--out", str(home.root), "--json")  # fmt: skip
    quiet = json.loads((home.root / "synthetic" / "env.json").read_text("utf-8"))
    dead = {**quiet, "JIANHU_PLATFORM_URL": DEAD_URL, "JIANHU_PERMIT_DB_URL": DEAD_DB}
    # without the providers behind a network: everything that comes as files stands all the same
    step("unreachable", "extract", "--all", *days, "--json", env=dead, codes=(3,))
    with running(home.root) as env:
        env = {k: str(v) for k, v in env.items()}
        for phase in (1, 2, 3):
            set_phase(home.root, phase)
            step(f"phase_{phase}", "extract", "--all", *days, "--json", env=env)
    (folder / "env.json").write_text(json.dumps(dead), "utf-8")
    # one thread: the other core has tests of its own
    refresh = ("refresh", "--as-of", AS_OF, "--threads", "1", "--json")
    step("refresh", *refresh, env=dead, codes=(0,))
    step("refresh_again", *refresh, env=dead, codes=(0,))
    step("export", "export", "leadership_quarterly", "--json", env=dead, codes=(0,))


def read(folder: Path) -> Tiny:
    """What `make` left."""
    return Tiny(
        home=Home(folder / "home"),
        env=json.loads((folder / "env.json").read_text("utf-8")),
        told=json.loads((folder / "commands.json").read_text("utf-8")),
    )
