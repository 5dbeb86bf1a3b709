"""One build at a time per home.

Invariant: the lock belongs to the process (flock), so a killed run never leaves a home locked.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime

from extract.errors import UserError
from extract.home import Home
from warehouse.inputs import SHANGHAI


class Locked(UserError):
    """Another run holds the lock of this home."""

    exit_code = 6


@contextlib.contextmanager
def build_lock(home: Home) -> Iterator[None]:
    """Hold the home's build lock. Raises Locked naming the process that has it and since when."""
    home.ensure()
    path = home.work / "build.lock"
    with open(path, "a+", encoding="utf-8") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            f.seek(0)
            try:
                holder = json.loads(f.read() or "{}")
            except json.JSONDecodeError:
                holder = {}
            raise Locked(
                "another run is building in this home",
                where=f"process {holder.get('pid', '?')}, since {holder.get('started', '?')}, home {home.root}",
                rule="one build at a time",
                todo="wait for it to end; nothing was changed",
            ) from e
        f.seek(0)
        f.truncate()
        started = datetime.now(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        f.write(json.dumps({"pid": os.getpid(), "started": started}))
        f.flush()
        yield
