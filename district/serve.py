"""Serve a synthetic district over real protocols until stopped: `python -m district.serve --home HOME`.

Invariant: what was started here is stopped here, by handle or by process id; `env.json` of a running district names
addresses that answer.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from extract.errors import UserError
from extract.home import home as find_home

READY_SECONDS = 60


def folder_of(home: str | os.PathLike[str] | None) -> Path:
    """`<home>/synthetic`; raises UserError where no district was simulated."""
    folder = find_home(home).root / "synthetic"
    if not (folder / "district.json").exists():
        raise UserError(
            "there is no synthetic district here",
            where=str(folder),
            todo="run: jianhu simulate --seed 1 --from 2025-01-01 --to 2026-03-31",
        )
    return folder


def settings(folder: Path) -> dict[str, str]:
    """Settings of the district that need no running server (contracts §10): the drop folder, users, keys."""
    seed = str(json.loads((folder / "district.json").read_text("utf-8"))["seed"])

    def made(name: str) -> str:
        return hashlib.sha256(f"jianhu synthetic {name} {seed}".encode()).hexdigest()[:24]

    return {
        "JIANHU_DROP_DIR": str(folder / "drop"),
        "JIANHU_PLATFORM_USER": "synthetic",
        "JIANHU_PLATFORM_PASSWORD": made("password"),
        "JIANHU_PLATFORM_APP_KEY": "synthetic-keqiao",
        "JIANHU_PLATFORM_APP_SECRET": made("secret"),
        "JIANHU_HASH_KEY": made("hash key"),
    }


def write_env(folder: Path, env: dict[str, str]) -> None:
    """env.json for programs, env.sh for shells (`source env.sh`)."""
    for name, text in (
        ("env.json", json.dumps(env, indent=2, ensure_ascii=False) + "\n"),
        ("env.sh", "".join(f"export {k}='{v}'\n" for k, v in env.items())),
    ):
        part = folder / f".{name}.part"
        part.write_text(text, "utf-8")
        part.chmod(0o600)
        part.replace(folder / name)


def set_phase(home: str | os.PathLike[str] | None, phase: int) -> None:
    """Phase 1: before late data; 2: with them, and with the wrong version of the days that come A, B, A; 3: final."""
    if phase not in (1, 2, 3):
        raise UserError("a phase is 1, 2 or 3", where=f"got {phase}")
    (folder_of(home) / "phase").write_text(str(phase))


def serve(
    home: str | os.PathLike[str] | None, faults: int = 0, parent: int | None = None, ready: Path | None = None
) -> None:
    """Start API and database, write env.json, wait for SIGTERM or SIGINT (or for `parent` to vanish), stop both."""
    from district.api import Platform, start
    from district.database import PermitDatabase

    folder = folder_of(home)
    env = settings(folder)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    database = PermitDatabase(folder)
    try:
        server = start(Platform(folder, env, fault_every=faults))
        env = {
            **env,
            "JIANHU_PLATFORM_URL": f"http://127.0.0.1:{server.server_address[1]}",
            "JIANHU_PERMIT_DB_URL": database.url,
        }
        write_env(folder, env)
        if ready:
            ready.write_text(str(os.getpid()))
        print(f"serving {folder}; settings in {folder / 'env.sh'}", flush=True)
        while not stop.wait(1.0):
            if parent is not None and os.getppid() != parent:
                break
        server.shutdown()
    finally:
        write_env(folder, settings(folder))
        database.stop()


@contextlib.contextmanager
def running(home: str | os.PathLike[str] | None = None, faults: int = 0) -> Iterator[dict[str, str]]:
    """The district's servers in a child process for the length of a `with`; gives the settings that reach them."""
    folder = folder_of(home)
    ready = folder / ".ready"
    ready.unlink(missing_ok=True)
    log = (folder / "serve.log").open("wb")
    child = subprocess.Popen(
        [sys.executable, "-m", "district.serve", "--home", str(folder.parent), "--faults", str(faults),
         "--parent", str(os.getpid()), "--ready", str(ready)],
        stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        until = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if child.poll() is not None or time.monotonic() > until:
                tail = (folder / "serve.log").read_text("utf-8", "replace")[-1500:]
                raise UserError(
                    "the synthetic district did not start", where=tail, todo="read synthetic/serve.log"
                )
            time.sleep(0.05)
        yield json.loads((folder / "env.json").read_text("utf-8"))
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        log.close()
        ready.unlink(missing_ok=True)


def main(argv: list[str] | None = None) -> int:
    """Command line of `python -m district.serve`."""
    parser = argparse.ArgumentParser(
        prog="python -m district.serve", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--home", help="home of the warehouse (default: JIANHU_HOME, else ./var)")
    parser.add_argument("--phase", type=int, choices=(1, 2, 3), help="set the phase before serving")
    parser.add_argument(
        "--faults", type=int, default=0, metavar="N", help="every N-th request: 429, then 503"
    )
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ready", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    try:
        if options.phase:
            set_phase(options.home, options.phase)
        serve(options.home, options.faults, options.parent, options.ready)
    except UserError as e:
        print(f"jianhu: {e}", file=sys.stderr)
        return e.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
