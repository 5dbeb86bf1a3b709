"""Fault injection for tests: `JIANHU_FAULT=<boundary>[:n]` kills this process at the n-th passing of a boundary.

Invariant: without the setting, `boundary` does nothing.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

from extract.secrets import setting

_passed: Counter[str] = Counter()


def boundary(name: str) -> None:
    """Dies by SIGKILL here when the setting names this boundary: no handler, no clean-up, as a power cut would."""
    wanted = setting("JIANHU_FAULT")
    if not wanted:
        return
    at, _, count = wanted.partition(":")
    if at != name:
        return
    _passed[name] += 1
    if _passed[name] >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
