"""One extraction of a source at a time, per home: `seq` and the clean-up of leftovers rely on it.

Invariant: the lock is the kernel's (flock), so a killed process never leaves it behind.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from extract.errors import UserError


class Locked(UserError):
    """Another run holds the lock (exit code 6)."""

    exit_code = 6


@contextmanager
def held(
    path: Path, what: str, wait_s: float = 600, say: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Holds the lock file `path` for the block; waits up to wait_s seconds, saying so once, then raises Locked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        deadline, told = time.monotonic() + wait_s, False
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
                if time.monotonic() >= deadline:
                    raise Locked(
                        f"another run holds {what}", where=f"{path}, process {holder or 'unknown'}",
                        todo="wait for it to end, then call again",
                    ) from None  # fmt: skip
                if say and not told:
                    say(f"waiting for {what}, held by process {holder or 'unknown'}")
                    told = True
                time.sleep(0.1)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(fd)
