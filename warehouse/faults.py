"""Fault injection: `JIANHU_FAULT=<boundary>` kills the process there, as a power cut would.

Invariant: in a process without that variable, `reach` does nothing.
"""

from __future__ import annotations

import os
import signal

BOUNDARIES = (
    "build.locked",
    "build.raw",
    "build.dbt",
    "build.candidate",
    "audit.done",
    "publish.tables",
    "publish.restricted",
    "publish.parquet",
    "publish.documents",
    "publish.renamed",
    "publish.pointed",
    "publish.cleaned",
)


def reach(boundary: str) -> None:
    """Die by SIGKILL when the environment names this boundary."""
    if boundary not in BOUNDARIES:
        raise ValueError(f"unknown boundary {boundary!r}")
    if os.environ.get("JIANHU_FAULT") == boundary:
        os.kill(os.getpid(), signal.SIGKILL)
